import type { DedupeIndex } from './dedupe-index.js';
import { splitRecord, type SplitRecord } from './record-format.js';
import { START_OF_LOG, type StagingLogReader } from './staging-log.port.js';

const READ_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
/** `{"timestamp":1763800000000,"id":` begins its id here; the usual record without one is skipped. */
const ID_MARK = Buffer.from(',"id":"');
const ID_MARK_WINDOW_BYTES = 40;

/**
 * Reads back the ids of all records in the log, oldest first; the index keeps those of its window.
 * The log is the only source of ids, so none is remembered for an event that is not stored.
 */
export async function rebuildDedupeIndex(
  index: DedupeIndex,
  log: StagingLogReader,
  now: number,
): Promise<void> {
  for (let offset = START_OF_LOG; ;) {
    const chunk = await log.read(offset, READ_BYTES);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') rememberIds(index, chunk.bytes, now);
    offset = chunk.next;
  }
}

const NO_RECORD: SplitRecord = { timestamp: 0, id: null, payload: '' };

function rememberIds(index: DedupeIndex, bytes: Buffer, now: number): void {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const head = bytes.subarray(start, Math.min(end, start + ID_MARK_WINDOW_BYTES));
    if (head.includes(ID_MARK)) {
      const record = splitRecord(bytes.toString('utf8', start, end));
      const { id, timestamp, payload } = record ?? NO_RECORD;
      if (id !== null && index.isInWindow(timestamp, now)) index.add(id, payload, timestamp);
    }
    start = end + 1;
  }
}
