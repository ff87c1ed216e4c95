import { BLOCK_BYTES_MAX } from '../blocks/block-cutter.js';
import { findBorders } from './find-borders.js';
import type { LogAsItIs } from './open-log-reader.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { toOffset, type Offset } from '../staging-log.port.js';

const NEWLINE = 0x0a;
const TIMESTAMP = /^\{"timestamp":(\d{1,16})[,}]/;
const HEAD_BYTES = 32;

/** A record as it stands in the log, without its line end. */
export interface FoundRecord {
  readonly offset: Offset;
  readonly next: Offset;
  readonly line: string;
}

/** Judges a line: bytes from `start` to before `end`. */
type Accept = (bytes: Buffer, start: number, end: number) => boolean;

/** The first record that can be read at or behind an offset; null when there is none. */
export async function findRecordAt(opened: LogAsItIs, offset: number): Promise<FoundRecord | null> {
  const { after } = await findBorders(opened, offset);
  return findFrom(opened, after, () => true);
}

/**
 * The first record at or after a time in ms since 1970, by the log's order: a binary search among the
 * segments, by the time of their first record, and then one record after the other. The clock may have
 * been put back between two records, so earlier ones of later times may stand before, in another segment.
 */
export async function findRecordSince(
  opened: LogAsItIs,
  time: number,
): Promise<FoundRecord | null> {
  const { segments } = opened.view;
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const first = await firstTimestamp(opened, middle);
    if (first !== null && first < time) low = middle + 1;
    else high = middle;
  }
  const from = segments[low - 1]?.first ?? opened.view.start;
  return findFrom(opened, toOffset(from), (...line) => (timestampOf(...line) ?? -1) >= time);
}

/** Of the first record of a segment that tells one, or of those behind it: null when there is none. */
async function firstTimestamp(opened: LogAsItIs, at: number): Promise<number | null> {
  const from = toOffset(opened.view.segments[at]?.first ?? 0);
  const found = await findFrom(opened, from, (...line) => timestampOf(...line) !== null);
  if (found === null) return null;
  const bytes = Buffer.from(found.line);
  return timestampOf(bytes, 0, bytes.length);
}

/** The first record that can be read from a record's start on, and is accepted. */
async function findFrom(
  { log }: LogAsItIs,
  from: Offset,
  accept: Accept,
): Promise<FoundRecord | null> {
  const window = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX + BLOCK_BYTES_MAX);
  for (let offset = from; ;) {
    const chunk = await log.read(offset, RECORD_BYTES_MAX, window);
    if (chunk.kind === 'end') return null;
    const bytes = chunk.kind === 'records' ? chunk.bytes : Buffer.alloc(0);
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (accept(bytes, start, end)) {
        const place = { offset: toOffset(offset + start), next: toOffset(offset + end + 1) };
        return { ...place, line: bytes.toString('utf8', start, end) };
      }
      start = end + 1;
    }
    offset = chunk.next;
  }
}

/** Milliseconds since 1970; null for a line that the log did not make. */
function timestampOf(bytes: Buffer, start: number, end: number): number | null {
  const head = bytes.toString('latin1', start, Math.min(end, start + HEAD_BYTES));
  const digits = TIMESTAMP.exec(head)?.[1];
  return digits === undefined ? null : Number(digits);
}
