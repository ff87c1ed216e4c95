import { join } from 'node:path';
import { ActiveSegment, type SegmentPlace } from './active-segment.js';
import { coverBlocks } from '../blocks/cover-blocks.js';
import { findLastSegment } from './find-last-segment.js';
import { replaceFile, type LogFiles } from '../files/log-files.js';
import {
  readLayout,
  segmentPath,
  startOf,
  sumsPath,
  type LogLayout,
  type SegmentEntry,
} from '../files/log-layout.js';
import { OwnerView } from './owner-view.js';
import { formatSums, NO_SUMS, readSums, type Sums } from '../blocks/sums-file.js';

type Place = Omit<SegmentPlace, 'first'>;

export interface OpenedSegments {
  readonly view: OwnerView;
  /** What could not be sealed yet, oldest first: nothing newer must be, before it is. */
  readonly unsealed: readonly Unsealed[];
}

/**
 * Opens the segments of a log for its owner, and repairs what a crash left behind: unfinished files are
 * removed, a torn tail is cut off, the active segment is synced and found or begun, sealed ones that miss
 * their checksums get them. Damage is left as it is, for the reader to tell.
 */
export async function openSegments(place: Place, identity: string): Promise<OpenedSegments> {
  const { files, directory } = place;
  const layout = await readLayout(files, directory);
  for (const name of layout.leftovers) await files.unlink(join(directory, name));
  const active = await openLast(place, layout);
  const older = layout.segments.filter(({ first }) => first < active.first);
  try {
    const entries = [...older, { first: active.first, archived: false }];
    const unsealed = await sealOlder(place, entries, layout.sums);
    const start = startOf(layout);
    const view = new OwnerView({ directory, identity }, entries, { active, start });
    return { view, unsealed };
  } catch (error) {
    await active.close().catch(() => undefined);
    throw error;
  }
}

/** The segment to go on with: the last one, or a new one behind it. */
async function openLast(place: Place, layout: LogLayout): Promise<ActiveSegment> {
  const last = await findLastSegment(place.files, place.directory, layout);
  if (last.kind === 'active')
    return ActiveSegment.open({ ...place, first: last.first }, last.blocks);
  if (last.loss !== null) {
    place.report(
      'error',
      `${last.loss}; what is missing is quarantined, the log goes on behind it`,
    );
  }
  return ActiveSegment.create({ ...place, first: last.end });
}

/**
 * From the newest back to the first one that is sealed: sealing goes in order. What cannot be written now, on
 * a full disk say, keeps no log from opening.
 * @param withSums a segment ends where the next one begins, also if that is lost and only its `.sums` is left.
 * @returns what is left to do, oldest first.
 */
async function sealOlder(
  { files, directory, report }: Place,
  entries: readonly SegmentEntry[],
  withSums: readonly number[],
): Promise<readonly Unsealed[]> {
  const unsealed: Unsealed[] = [];
  for (let at = entries.length - 2; at >= 0; at--) {
    const [entry, follower] = [entries[at], entries[at + 1]];
    if (entry === undefined || follower === undefined || entry.archived) break;
    const sums = (await readSums(files, sumsPath(directory, entry.first))) ?? NO_SUMS;
    if (sums.sealedLength !== null) break;
    const lost = withSums.find((first) => first > entry.first && first < follower.first);
    const next = lost === undefined ? follower : { first: lost };
    unsealed.push({ directory, entry, next, sums });
  }
  for (const [at, one] of unsealed.reverse().entries()) {
    const path = sumsPath(directory, one.entry.first);
    try {
      await makeSums(files, one);
    } catch (error) {
      report('warn', `the checksums in ${path} are not complete yet: ${String(error)}`);
      return unsealed.slice(at);
    }
    report('warn', `the checksums in ${path} were completed`);
  }
  return [];
}

/** A segment that takes no more, and lacks checksums. */
export interface Unsealed {
  readonly directory: string;
  readonly entry: SegmentEntry;
  readonly next: Pick<SegmentEntry, 'first'>;
  readonly sums: Sums;
}

/**
 * Makes the checksums that a segment lacks, of what of it is there, and closes the file with its last line. What
 * the disk refuses to read stays without: it must not keep newer segments from being sealed.
 */
export async function makeSums(
  files: LogFiles,
  { directory, entry, next, sums }: Unsealed,
): Promise<void> {
  const length = next.first - entry.first;
  const fd = await files.open(segmentPath(directory, entry.first), 'r');
  try {
    const { size } = await files.fstat(fd);
    const known = sums.blocks.filter((block) => block.start + block.length <= length);
    const range = { known, length: Math.min(size, length) };
    const blocks = await coverBlocks(files, fd, range).then(
      (covered) => (covered.open.length > 0 ? [...covered.blocks, covered.open] : covered.blocks),
      () => known,
    );
    await replaceFile(files, sumsPath(directory, entry.first), [formatSums(blocks, length)]);
  } finally {
    await files.close(fd);
  }
}
