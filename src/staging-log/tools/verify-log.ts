import { BLOCK_BYTES_MAX } from '../blocks/block-cutter.js';
import type { FindingListener, LogFinding } from './log-finding.js';
import { archivePath, segmentPath, type SegmentEntry } from '../files/log-layout.js';
import type { LogAsItIs } from './open-log-reader.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { toOffset, type DamagedChunk, type LogChunk } from '../staging-log.port.js';
import { readSealedLength } from './read-sealed-length.js';
import { verifySideFiles } from './verify-side-files.js';

export interface VerifyLogListener {
  readonly onFinding: FindingListener;
  /** Bytes of the log. */
  readonly onProgress: (done: number, total: number) => void;
}

export interface VerifiedLog {
  readonly identity: string;
  readonly start: number;
  /** What was durable when it began. */
  readonly end: number;
  readonly segments: number;
  /** Bytes that can be read, but have no checksum: all that can be said is that they are whole lines. */
  readonly unprovedBytes: number;
  /** Findings of that kind, and bytes of the log that cannot be read. */
  readonly damages: number;
  readonly damagedBytes: number;
}

interface Reading {
  readonly end: number;
  readonly onRange: (range: DamagedRange) => Promise<void>;
  readonly onProgress: VerifyLogListener['onProgress'];
}

/** A range of the log that is damaged in one way, in one segment. */
interface DamagedRange {
  readonly code: DamagedChunk['code'];
  readonly from: number;
  readonly to: number;
}

/**
 * Reads all of a log as its users do, so that each block is proved by its checksum, and each of its side
 * files. Findings are told as they are made. Its memory is bounded by one segment's checksums and a
 * window, however long the log is. What retention takes away meanwhile is no damage.
 * @throws what the disk throws: that is no judgement on the bytes.
 */
export async function verifyLog(
  opened: LogAsItIs,
  { onFinding, onProgress }: VerifyLogListener,
): Promise<VerifiedLog> {
  let damages = 0;
  const tell = (finding: LogFinding): void => {
    if (finding.kind === 'damage') damages += 1;
    onFinding(finding);
  };
  const { log, view } = opened;
  const [start, end] = [log.startOffset(), log.endOffset()];
  let damagedBytes = 0;
  const onRange = async (range: DamagedRange): Promise<void> => {
    damagedBytes += range.to - range.from;
    tell({ kind: 'damage', message: await describe(opened, range) });
  };
  await readAll(opened, { end, onRange, onProgress });
  const unprovedBytes = await verifySideFiles(opened, end, tell);
  const { identity } = log;
  const segments = view.segments.length;
  return { identity, start, end, segments, unprovedBytes, damages, damagedBytes };
}

async function readAll(
  { log, view }: LogAsItIs,
  { end, onRange, onProgress }: Reading,
): Promise<void> {
  const window = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX + BLOCK_BYTES_MAX);
  const start: number = log.startOffset();
  let range = null as DamagedRange | null;
  for (let offset = start; offset < end;) {
    const chunk = await readUnlessGone(log, offset, window);
    if (chunk.kind === 'end') break;
    const code = chunk.kind === 'damaged' ? chunk.code : null;
    if (range !== null && (range.code !== code || beginsSegment(view.segments, offset))) {
      await onRange(range);
      range = null;
    }
    const { next } = chunk;
    if (code !== null) range = { code, from: range?.from ?? offset, to: Math.min(next, end) };
    offset = next;
    onProgress(offset - start, end - start);
  }
  if (range !== null) await onRange(range);
}

const beginsSegment = (segments: readonly SegmentEntry[], offset: number): boolean =>
  segments.some(({ first }) => first === offset);

/** Retention may take away what was to be read: then reading goes on behind that. */
async function readUnlessGone(
  log: LogAsItIs['log'],
  offset: number,
  window: Buffer,
): Promise<LogChunk | { readonly kind: 'gone'; readonly next: number }> {
  try {
    return await log.read(toOffset(offset), RECORD_BYTES_MAX, window);
  } catch (error) {
    const next = log.startOffset();
    if (next <= offset) throw error;
    return { kind: 'gone', next };
  }
}

async function describe(
  { files, directory, view }: LogAsItIs,
  { code, from, to }: DamagedRange,
): Promise<string> {
  const entry = view.segments.findLast(({ first }) => first <= from);
  let first = entry?.first ?? view.start;
  const archived = entry?.archived === true;
  const sealed = entry === undefined ? null : await readSealedLength(files, directory, entry);
  // Behind the end of a sealed segment another one is missing, which began there.
  if (sealed !== null && from >= first + sealed) first += sealed;
  const path = archived ? archivePath(directory, first) : segmentPath(directory, first);
  const what = code === 'BLOCK_MISSING' ? 'are missing' : 'do not match their checksums';
  const place = `bytes ${from - first} to ${to - first} of ${path}`;
  return `offsets ${from} to ${to} (${place}) ${what} [${code}]; restore the file from a backup; if it was loaded already: npm run log -- reload --from ${from} --to ${to}`;
}
