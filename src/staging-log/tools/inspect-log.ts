import { join } from 'node:path';
import { EPOCH_FILE } from '../files/epoch-files.js';
import type { LogFiles } from '../files/log-files.js';
import {
  archivePath,
  readLayout,
  segmentPath,
  sharePath,
  type SegmentEntry,
} from '../files/log-layout.js';
import type { LogAsItIs } from './open-log-reader.js';
import { readSealedLength } from './read-sealed-length.js';
import { readWhole } from '../blocks/sums-file.js';

/**
 * `active`: appended to. `sealed`: complete. `unsealed`: takes no more, its side files are not complete.
 * `archived`: packed. `missing`: it should be there. `short`: bytes of it are missing.
 */
export type SegmentState = 'active' | 'sealed' | 'unsealed' | 'archived' | 'missing' | 'short';

export interface InspectedSegment {
  /** Offsets; `end` is exclusive. */
  readonly first: number;
  readonly end: number;
  /** Of its file. */
  readonly bytes: number;
  readonly state: SegmentState;
  readonly path: string;
}

export interface InspectedLog {
  readonly identity: string;
  readonly directory: string;
  readonly start: number;
  readonly end: number;
  readonly tornBytes: number;
  readonly segments: readonly InspectedSegment[];
  readonly shares: readonly { readonly offset: number; readonly path: string }[];
  /** What `epoch.json` says of the log before this one; null when there is none. */
  readonly epoch: unknown;
}

interface Place {
  readonly files: LogFiles;
  readonly directory: string;
}

/** What the names, lengths and last lines of a log's files tell. Reads no record. */
export async function inspectLog(opened: LogAsItIs): Promise<InspectedLog> {
  const { log, files, directory, tornBytes } = opened;
  const { segments: entries, shares } = await readLayout(files, directory);
  const [start, end] = [log.startOffset(), log.endOffset()];
  const segments: InspectedSegment[] = [];
  let expected: number = start;
  for (const [at, entry] of entries.entries()) {
    const next = entries[at + 1]?.first ?? null;
    const segment = await inspectSegment({ files, directory }, entry, { next, end });
    if (expected < entry.first) segments.push(missing(directory, expected, entry.first));
    segments.push(segment);
    expected = segment.end;
  }
  const epoch = await readWhole(files, join(directory, EPOCH_FILE));
  return {
    ...{ identity: log.identity, directory, start, end, tornBytes, segments },
    shares: shares.map((offset) => ({ offset, path: sharePath(directory, offset) })),
    epoch: epoch === null ? null : (JSON.parse(epoch.toString()) as unknown),
  };
}

const missing = (directory: string, first: number, end: number): InspectedSegment => ({
  ...{ first, end, bytes: 0 },
  state: 'missing',
  path: segmentPath(directory, first),
});

async function inspectSegment(
  { files, directory }: Place,
  entry: SegmentEntry,
  { next, end }: { readonly next: number | null; readonly end: number },
): Promise<InspectedSegment> {
  const { first, archived } = entry;
  const sealed = await readSealedLength(files, directory, entry);
  const path = archived ? archivePath(directory, first) : segmentPath(directory, first);
  const bytes = await sizeOf(files, path);
  const until = Math.min(next ?? Math.max(end, first), first + (sealed ?? Infinity));
  const isShort = first + bytes < until;
  const plain = sealed !== null ? 'sealed' : next === null ? 'active' : 'unsealed';
  const state = archived ? 'archived' : isShort ? 'short' : plain;
  return { first, end: until, bytes, state, path };
}

/** 0 when it was retired just now. */
async function sizeOf(files: LogFiles, path: string): Promise<number> {
  try {
    return (await files.stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
