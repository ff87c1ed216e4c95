import type { DedupeBounds } from '../ids/dedupe-index.js';
import type { OpenedIds } from '../ids/open-id-register.js';

/** The index tells ages in whole seconds, and may tell an id up to two of them younger. */
const MARGIN_SECONDS = 3;

/** Which entries of the index are those of a segment, and the log time at its end. */
interface IdsOfSegment {
  readonly from: number;
  readonly to: number;
  readonly endSeconds: number;
}

/** Which sealed segments have no id any more that a sender may come back with. */
export class SegmentAges {
  private readonly known = new Map<number, IdsOfSegment>();
  private readonly oldestKnown: number;

  constructor(
    private readonly ids: Pick<OpenedIds, 'index' | 'now' | 'segments'>,
    private readonly bounds: DedupeBounds,
  ) {
    const { segments } = ids;
    this.oldestKnown = segments[0]?.first ?? 0;
    for (const [at, { first, startPosition: from, endSeconds }] of segments
      .slice(0, -1)
      .entries()) {
      const to = segments[at + 1]?.startPosition ?? ids.index.position;
      this.known.set(first, { from, to, endSeconds });
    }
  }

  /** A segment is complete, and these are its ids. */
  finished(first: number, ids: IdsOfSegment): void {
    this.known.set(first, ids);
  }

  /** There is none, or all are too old, or as many newer ones are there as are remembered. */
  isOutOfWindow(first: number): boolean {
    const ids = this.known.get(first);
    // Opening goes back until it has the whole window: what it did not come to was out of it.
    if (ids === undefined) return first < this.oldestKnown;
    const { index, now } = this.ids;
    const { idsMax, windowSeconds } = this.bounds;
    if (ids.from === ids.to || index.position - ids.to >= idsMax) return true;
    return now() - ids.endSeconds > windowSeconds + MARGIN_SECONDS;
  }
}
