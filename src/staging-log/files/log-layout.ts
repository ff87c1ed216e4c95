import { join } from 'node:path';
import type { LogFiles } from './log-files.js';

const DIGITS = 20;
const NAME = new RegExp(`^(\\d{${DIGITS}})\\.(jsonl\\.gz|jsonl|share|sums)$`);

export const ARCHIVE = 'archive';

export const stagingDirectory = (dataDir: string): string => join(dataDir, 'staging');

const named = (offset: number, extension: string): string =>
  `${String(offset).padStart(DIGITS, '0')}.${extension}`;

/** A segment is named by the offset of its first record, so that names sort as offsets do. */
export const segmentPath = (directory: string, first: number): string =>
  join(directory, named(first, 'jsonl'));

export const sumsPath = (directory: string, first: number): string =>
  join(directory, named(first, 'sums'));

export const idsPath = (directory: string, first: number): string =>
  join(directory, named(first, 'ids'));

export const loadedPath = (directory: string, first: number): string =>
  join(directory, named(first, 'loaded'));

export const sharePath = (directory: string, offset: number): string =>
  join(directory, named(offset, 'share'));

export const archivePath = (directory: string, first: number): string =>
  join(directory, ARCHIVE, named(first, 'jsonl.gz'));

export const archiveSumsPath = (directory: string, first: number): string =>
  join(directory, ARCHIVE, named(first, 'sums'));

/** Where a segment begins, and whether only its archive is there. */
export interface SegmentEntry {
  readonly first: number;
  readonly archived: boolean;
}

/** What the names in a log's directory tell. */
export interface LogLayout {
  /** In order. Each ends where the next one begins, whatever its file has. */
  readonly segments: readonly SegmentEntry[];
  /** The offsets of the share files, in order. */
  readonly shares: readonly number[];
  /** The offsets of segments that have checksums, in order; the segment itself may be lost. */
  readonly sums: readonly number[];
  /** Names of unfinished files, relative to the directory. */
  readonly leftovers: readonly string[];
}

/** Looks at the names only. A segment that is there both plain and archived counts as plain. */
export async function readLayout(files: LogFiles, directory: string): Promise<LogLayout> {
  const names = await files.readdir(directory);
  const packed = names.includes(ARCHIVE) ? await files.readdir(join(directory, ARCHIVE)) : [];
  const plain = offsetsOf(names, 'jsonl');
  const isPlain = new Set(plain);
  const archived = offsetsOf(packed, 'jsonl.gz').filter((first) => !isPlain.has(first));
  const segments = [
    ...plain.map((first) => ({ first, archived: false })),
    ...archived.map((first) => ({ first, archived: true })),
  ].sort((one, other) => one.first - other.first);
  const leftovers = [...names, ...packed.map((name) => join(ARCHIVE, name))];
  return {
    segments,
    shares: offsetsOf(names, 'share'),
    sums: offsetsOf(names, 'sums'),
    leftovers: leftovers.filter((name) => name.endsWith('.new')),
  };
}

function offsetsOf(names: readonly string[], extension: string): number[] {
  return names
    .map((name) => NAME.exec(name))
    .filter((match) => match?.[2] === extension)
    .map((match) => Number(match?.[1]))
    .sort((one, other) => one - other);
}

/** Where the log begins: what lies before its first segment is gone rightly as far as a share covers it. */
export function startOf({ segments, shares }: LogLayout): number {
  const share = shares.at(-1) ?? 0;
  return Math.min(segments[0]?.first ?? share, share);
}
