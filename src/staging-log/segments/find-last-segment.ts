import type { Block } from '../blocks/block-cutter.js';
import type { LogFiles } from '../files/log-files.js';
import { archiveSumsPath, segmentPath, sumsPath, type LogLayout } from '../files/log-layout.js';
import { NO_SUMS, readSums, type Sums } from '../blocks/sums-file.js';

/**
 * `active`: the last segment is to be gone on with. `ended`: it is complete, lost bytes that were
 * acknowledged, or is lost itself: the log goes on at `end`.
 */
export type LastSegment =
  | { readonly kind: 'active'; readonly first: number; readonly blocks: readonly Block[] }
  | { readonly kind: 'ended'; readonly end: number; readonly loss: string | null };

/** Where the log goes on, without changing anything. */
export async function findLastSegment(
  files: LogFiles,
  directory: string,
  { segments, shares, sums: withSums }: LogLayout,
): Promise<LastSegment> {
  const last = segments.at(-1);
  const orphan = withSums.at(-1);
  if (orphan !== undefined && (last === undefined || orphan > last.first)) {
    const sums = (await readSums(files, sumsPath(directory, orphan))) ?? NO_SUMS;
    const loss = `${segmentPath(directory, orphan)} is missing`;
    return { kind: 'ended', end: orphan + endOf(sums), loss };
  }
  if (last === undefined) return { kind: 'ended', end: shares.at(-1) ?? 0, loss: null };
  const { first, archived } = last;
  const path = archived ? archiveSumsPath(directory, first) : sumsPath(directory, first);
  const sums = (await readSums(files, path)) ?? NO_SUMS;
  const end = first + endOf(sums);
  if (archived || sums.sealedLength !== null) return { kind: 'ended', end, loss: null };
  const { size } = await files.stat(segmentPath(directory, first));
  if (first + size >= end) return { kind: 'active', first, blocks: sums.blocks };
  const acknowledged = `but ${end - first} were acknowledged`;
  const loss = `${segmentPath(directory, first)} has ${size} bytes, ${acknowledged}`;
  return { kind: 'ended', end, loss };
}

/** How far a segment went for certain. */
function endOf({ blocks, sealedLength }: Sums): number {
  const last = blocks.at(-1);
  return sealedLength ?? (last === undefined ? 0 : last.start + last.length);
}
