import { crc32 } from 'node:zlib';

/** A block ends at the last record end within this many bytes; a longer record is one by itself. */
export const BLOCK_BYTES_MAX = 64 * 1024;

const NEWLINE = 0x0a;

/** Whole records that one checksum covers. `start` is a position in the segment. */
export interface Block {
  readonly start: number;
  readonly length: number;
  /** CRC-32, as zlib has it. */
  readonly crc: number;
}

/** What was cut, and the block that is still open behind it. */
export interface Cut {
  readonly blocks: readonly Block[];
  readonly open: Block;
}

/**
 * Goes on from an open block with whole records. Changes nothing, so that a commit can be cut while its
 * sync is under way, and be forgotten when that fails.
 */
export function cutBlocks(before: Block, records: Buffer): Cut {
  const blocks: Block[] = [];
  let open = before;
  for (let at = 0; at < records.length;) {
    const end = endWithinBlock(records, at, BLOCK_BYTES_MAX - open.length);
    if (end > at) {
      open = extend(open, records.subarray(at, end));
      at = end;
      if (at === records.length && open.length < BLOCK_BYTES_MAX) break;
    } else if (open.length === 0) {
      const lineEnd = records.indexOf(NEWLINE, at) + 1 || records.length;
      open = extend(open, records.subarray(at, lineEnd));
      at = lineEnd;
    }
    blocks.push(open);
    open = emptyBlock(open.start + open.length);
  }
  return { blocks, open };
}

export const emptyBlock = (start: number): Block => ({ start, length: 0, crc: 0 });

export const extend = ({ start, length, crc }: Block, bytes: Buffer): Block => ({
  start,
  length: length + bytes.length,
  crc: crc32(bytes, crc),
});

/** The last record end that leaves the block within its bound; `at` when there is none. */
function endWithinBlock(records: Buffer, at: number, room: number): number {
  if (records.length - at <= room) return records.length;
  if (room <= 0) return at;
  const newline = records.lastIndexOf(NEWLINE, at + room - 1);
  return newline < at ? at : newline + 1;
}
