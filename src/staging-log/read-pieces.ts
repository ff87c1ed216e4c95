import type { LocalLogReader } from './local-log-reader.js';
import { RECORD_BYTES_MAX } from './record-format.js';
import { START_OF_LOG } from './staging-log.port.js';

/** A record, and the block that it may share. */
const WINDOW_BYTES = RECORD_BYTES_MAX + 64 * 1024;

/** All records of the log, oldest first, in pieces of whole lines, one after the other in one buffer. */
export async function* readPieces(log: LocalLogReader): AsyncGenerator<Buffer> {
  const window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  for (let offset = START_OF_LOG; ;) {
    const chunk = await log.read(offset, RECORD_BYTES_MAX, window);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') yield chunk.bytes;
    offset = chunk.next;
  }
}
