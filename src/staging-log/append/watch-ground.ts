import { GroundWatch, type GroundWatchOptions } from './ground-watch.js';
import type { LocalLogReader } from '../read/local-log-reader.js';
import type { OwnerView } from '../segments/owner-view.js';
import { SegmentWitness } from './segment-witness.js';

interface WatchBounds {
  readonly diskFreeBytesMin: number;
  readonly report: (level: 'info' | 'error', message: string) => void;
}

/** Begins to look after what the log stands on, and resolves after the first look. */
export async function watchGround(
  { view, reader }: { readonly view: OwnerView; readonly reader: LocalLogReader },
  place: Pick<GroundWatchOptions, 'files' | 'directory'>,
  { diskFreeBytesMin, report }: WatchBounds,
): Promise<GroundWatch> {
  const witness = new SegmentWitness(view, reader);
  const onTrouble = (trouble: string | null): void => {
    if (trouble === null) report('info', `the staging log takes events again, at ${view.end}`);
    else report('error', `the staging log takes no events: ${trouble}`);
  };
  const ground = new GroundWatch({ ...place, diskFreeBytesMin, witness, onTrouble });
  await ground.start();
  return ground;
}
