import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { toOffset, type LogExtent, type Offset } from '../staging-log.port.js';

/** What a window for `readExtent` must hold at least: the longest block. */
export const EXTENT_WINDOW_BYTES_MIN = RECORD_BYTES_MAX;

/**
 * Reads an extent in pieces of whole, proved records, at the start of `window` each, and calls `use` with
 * the bytes of each and the offset where it begins, as long as that answers true. Synchronous: for threads that
 * do nothing else.
 *
 * Answers with the offset up to which the records were used or, where the file is not there or a block in it
 * not as it should be, up to which they were proved. That is no judgement: `StagingLogReader.read` tells what is
 * there.
 * @param window at least EXTENT_WINDOW_BYTES_MIN long
 */
export function readExtent(
  extent: LogExtent,
  window: Uint8Array,
  use: (length: number, offset: Offset) => boolean,
): Offset {
  let fd: number;
  try {
    fd = openSync(extent.path, 'r');
  } catch {
    return extent.from;
  }
  try {
    return readPieces({ ...extent, fd }, window, use);
  } finally {
    closeSync(fd);
  }
}

function readPieces(
  extent: LogExtent & { readonly fd: number },
  window: Uint8Array,
  use: (length: number, offset: Offset) => boolean,
): Offset {
  const { lengths, crcs, from } = extent;
  let offset: number = from;
  let { position, skip } = extent;
  for (let block = 0; block < lengths.length;) {
    const end = endOfPiece(lengths, block, window.length);
    const length = lengths.subarray(block, end).reduce((sum, each) => sum + each, 0);
    if (!fill(extent.fd, window, { length, position })) break;
    const proved = prove(window, lengths.subarray(block, end), crcs.subarray(block, end));
    if (proved > skip) {
      if (skip > 0) window.copyWithin(0, skip, proved);
      if (!use(proved - skip, toOffset(offset))) break;
      offset += proved - skip;
    }
    if (proved < length) break;
    block = end;
    position += length;
    skip = 0;
  }
  return toOffset(offset);
}

/** As many blocks as fit the window. */
function endOfPiece(lengths: Uint32Array, from: number, room: number): number {
  let [end, length] = [from, 0];
  while (end < lengths.length && length + (lengths[end] ?? 0) <= room) {
    length += lengths[end] ?? 0;
    end += 1;
  }
  return end;
}

/** False when the file is shorter, or cannot be read. */
function fill(
  fd: number,
  window: Uint8Array,
  { length, position }: { readonly length: number; readonly position: number },
): boolean {
  try {
    for (let at = 0; at < length;) {
      const count = readSync(fd, window, at, length - at, position + at);
      if (count === 0) return false;
      at += count;
    }
    return true;
  } catch {
    return false;
  }
}

/** How many bytes, of whole blocks, are as they should be. */
function prove(window: Uint8Array, lengths: Uint32Array, crcs: Uint32Array): number {
  let proved = 0;
  for (const [index, length] of lengths.entries()) {
    if (crc32(window.subarray(proved, proved + length)) !== crcs[index]) break;
    proved += length;
  }
  return proved;
}
