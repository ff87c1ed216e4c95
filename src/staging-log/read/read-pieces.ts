import { BLOCK_BYTES_MAX } from '../blocks/block-cutter.js';
import type { LocalLogReader } from './local-log-reader.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import type { Offset } from '../staging-log.port.js';

/** A record, and the block that it may share. */
const WINDOW_BYTES = RECORD_BYTES_MAX + BLOCK_BYTES_MAX;

/**
 * The readable records of a range that ends where a segment does, oldest first, in pieces of whole lines,
 * one after the other in one buffer. A number stands for a sound line that is too long to be a record.
 */
export async function* readPieces(
  log: LocalLogReader,
  from: Offset,
  end: Offset,
): AsyncGenerator<Buffer | number> {
  const window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  for (let offset = from; offset < end;) {
    const chunk = await log.read(offset, RECORD_BYTES_MAX, window);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') yield chunk.bytes;
    if (chunk.kind === 'oversized') yield chunk.next - offset;
    offset = chunk.next;
  }
}
