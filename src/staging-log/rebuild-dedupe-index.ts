import type { DedupeIndex } from './dedupe-index.js';
import type { LogTime } from './log-time.js';
import { splitRecord } from './record-format.js';
import { START_OF_LOG, type StagingLogReader } from './staging-log.port.js';

const READ_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
/** `{"timestamp":1763800000000,"id":` begins its id here; the usual record without one is skipped. */
const ID_MARK = Buffer.from(',"id":"');
const ID_MARK_WINDOW_BYTES = 40;

/**
 * Reads back the ids of all records in the log, oldest first; the index keeps those of its window,
 * which ends at the newest record. `time` goes along, and is that of the newest record in the end.
 * The log is the only source of ids, so none is remembered for an event that is not stored.
 */
export async function rebuildDedupeIndex(
  index: DedupeIndex,
  log: StagingLogReader,
  time: LogTime,
): Promise<void> {
  for (let offset = START_OF_LOG; ;) {
    const chunk = await log.read(offset, READ_BYTES);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') rememberIds(index, chunk.bytes, time);
    offset = chunk.next;
  }
}

function rememberIds(index: DedupeIndex, bytes: Buffer, time: LogTime): void {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const head = bytes.subarray(start, Math.min(end, start + ID_MARK_WINDOW_BYTES));
    if (head.includes(ID_MARK)) {
      const record = splitRecord(bytes.toString('utf8', start, end));
      if (record !== null && record.id !== null) {
        index.add(record.id, record.payload, time.advance(record.timestamp));
      }
    }
    start = end + 1;
  }
}
