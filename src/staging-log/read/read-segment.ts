import { crc32 } from 'node:zlib';
import type { Block } from '../blocks/block-cutter.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import type { SegmentSource } from './segment-source.js';
import type { DamagedChunk } from '../staging-log.port.js';
import { blockAt } from '../blocks/sums-file.js';

/** What stands at a position of a segment. `length` is how far it goes. */
export type SegmentPiece =
  | { readonly kind: 'records'; readonly bytes: Buffer }
  | { readonly kind: 'oversized'; readonly length: number; readonly head: Buffer }
  | {
      readonly kind: 'damaged';
      readonly length: number;
      readonly code: DamagedChunk['code'];
      readonly head: Buffer;
    };

export interface SegmentRange {
  /** Where a record begins. */
  readonly position: number;
  /** Where the segment ends by right, or what is durable of it; beyond `position`. */
  readonly limit: number;
  readonly bytesMax: number;
  /** At least RECORD_BYTES_MAX + BLOCK_BYTES_MAX long; a new buffer without it. */
  readonly into?: Buffer | undefined;
}

const NEWLINE = 0x0a;
const HEAD_BYTES = 64 * 1024;

/**
 * Reads whole records, proved by the checksums of their blocks where there are any; or tells what is
 * damaged there, exactly as far as it is.
 * @throws what the disk throws: that is no judgement on the bytes.
 */
export async function readSegment(
  source: SegmentSource,
  range: SegmentRange,
): Promise<SegmentPiece> {
  const { position, limit } = range;
  const size = Math.min(await source.size(), limit);
  if (position >= size) return damaged('BLOCK_MISSING', limit - position);
  const blocks = await source.blocksFrom(position);
  const block = blockAt(blocks, position);
  if (block === undefined || block.start > position) {
    return readUnproved(source, range, { size, end: Math.min(size, block?.start ?? size) });
  }
  if (block.start + block.length > size) return readUnproved(source, range, { size, end: size });
  if (block.length > RECORD_BYTES_MAX) return readLongLine(source, position, block);
  return readProved(source, range, run(blocks, block, { ...range, limit: size }));
}

/** The blocks to read at once: those that follow each other, up to about what was asked for. */
function run(
  blocks: readonly Block[],
  first: Block,
  { position, bytesMax, limit }: SegmentRange,
): Block[] {
  const found = [first];
  let end = first.start + first.length;
  for (let next = blockAt(blocks, end); next?.start === end; next = blockAt(blocks, end)) {
    end += next.length;
    if (end - position > Math.min(bytesMax, RECORD_BYTES_MAX) || end > limit) break;
    found.push(next);
  }
  return found;
}

async function readProved(
  source: SegmentSource,
  { position, bytesMax, into }: SegmentRange,
  blocks: readonly Block[],
): Promise<SegmentPiece> {
  const start = blocks[0]?.start ?? position;
  const length = blocks.reduce((sum, block) => sum + block.length, 0);
  const bytes = await source.bytes(start, length, into);
  let proved = 0;
  for (const block of blocks) {
    if (crc32(bytes.subarray(proved, proved + block.length)) !== block.crc) break;
    proved += block.length;
  }
  if (proved === 0) {
    const end = blocks[0]?.length ?? 0;
    return damaged('BLOCK_CORRUPT', start + end - position, bytes.subarray(position - start, end));
  }
  return { kind: 'records', bytes: wholeLines(bytes.subarray(position - start, proved), bytesMax) };
}

/** As many whole lines as fit, but one at least. */
function wholeLines(lines: Buffer, bytesMax: number): Buffer {
  if (lines.length <= bytesMax) return lines;
  const last = lines.lastIndexOf(NEWLINE, bytesMax - 1);
  return lines.subarray(0, (last < 0 ? lines.indexOf(NEWLINE) : last) + 1);
}

/** Bytes without a checksum: those after the last block, or between blocks of a damaged file. */
async function readUnproved(
  source: SegmentSource,
  { position, limit, bytesMax, into }: SegmentRange,
  { size, end }: { readonly size: number; readonly end: number },
): Promise<SegmentPiece> {
  let bytes: Buffer = Buffer.alloc(0);
  // Never more than a record can have: what is too long to be one must not depend on the caller.
  for (const look of [Math.min(bytesMax, RECORD_BYTES_MAX), RECORD_BYTES_MAX]) {
    bytes = await source.bytes(position, Math.min(end - position, look), into);
    const newline = bytes.lastIndexOf(NEWLINE);
    if (newline >= 0) return { kind: 'records', bytes: bytes.subarray(0, newline + 1) };
  }
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES));
  const lineEnd = await findLineEnd(source, position + bytes.length, end);
  if (lineEnd !== null) return { kind: 'oversized', length: lineEnd - position, head };
  if (end === size && size < limit) return damaged('BLOCK_MISSING', limit - position, head);
  return damaged('BLOCK_CORRUPT', end - position, head);
}

/** Without keeping the line. One buffer for all of it: touching new memory takes longer than reading. */
async function findLineEnd(
  source: SegmentSource,
  from: number,
  end: number,
): Promise<number | null> {
  const window = Buffer.allocUnsafe(RECORD_BYTES_MAX);
  for (let at = from; at < end; at += RECORD_BYTES_MAX) {
    const bytes = await source.bytes(at, Math.min(RECORD_BYTES_MAX, end - at), window);
    const newline = bytes.indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
  }
  return null;
}

/** A block of one line that is longer than any record. */
async function readLongLine(
  source: SegmentSource,
  position: number,
  { start, length, crc }: Block,
): Promise<SegmentPiece> {
  const window = Buffer.allocUnsafe(RECORD_BYTES_MAX);
  const head = Buffer.from(await source.bytes(start, Math.min(length, HEAD_BYTES), window));
  let found = 0;
  for (let at = start; at < start + length; at += RECORD_BYTES_MAX) {
    const part = Math.min(RECORD_BYTES_MAX, start + length - at);
    found = crc32(await source.bytes(at, part, window), found);
  }
  if (found !== crc) return damaged('BLOCK_CORRUPT', start + length - position, head);
  return { kind: 'oversized', length, head };
}

const damaged = (
  code: DamagedChunk['code'],
  length: number,
  bytes: Buffer = Buffer.alloc(0),
): SegmentPiece => ({
  kind: 'damaged',
  code,
  length,
  head: Buffer.from(bytes.subarray(0, HEAD_BYTES)),
});
