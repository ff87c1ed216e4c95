import type { DedupeIndex } from './dedupe-index.js';
import type { LocalLogReader } from './local-log-reader.js';
import type { LogTime } from './log-time.js';
import { rememberIds } from './remember-ids.js';
import { RECORD_BYTES_MAX } from './record-format.js';
import { START_OF_LOG } from './staging-log.port.js';

/**
 * Reads back the ids of all records in the log, oldest first; the index keeps those of its window,
 * which ends at the newest record. `time` goes along, and is that of the newest record in the end.
 * The log is the only source of ids, so none is remembered for an event that is not stored.
 */
export async function rebuildDedupeIndex(
  index: DedupeIndex,
  log: LocalLogReader,
  time: LogTime,
): Promise<void> {
  const window = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX);
  for (let offset = START_OF_LOG; ;) {
    const chunk = await log.read(offset, RECORD_BYTES_MAX, window);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') rememberIds(chunk.bytes, index, time);
    offset = chunk.next;
  }
}
