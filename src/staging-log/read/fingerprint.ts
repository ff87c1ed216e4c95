import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SegmentSource } from './segment-source.js';
import { blockAt } from '../blocks/sums-file.js';

const NEWLINE = 0x0a;
/** Most records fit the first look; the second one is the bound of what a fingerprint covers. */
const LOOKS_BYTES = [1024, 64 * 1024];

/**
 * `damaged`: what stands before cannot be trusted, or is not there; `start` is where it begins.
 * `none`: no record ends there.
 */
export type FoundFingerprint =
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  | { readonly kind: 'damaged'; readonly start: number }
  | { readonly kind: 'none' };

/** The fingerprint of the record that ends at a position (beyond 0) of a segment. */
export async function fingerprintEndingAt(
  source: SegmentSource,
  end: number,
): Promise<FoundFingerprint> {
  const size = await source.size();
  if (size < end) return { kind: 'damaged', start: await lastRecordEnd(source, size) };
  const block = blockAt(await source.blocksFrom(end - 1), end - 1);
  if (block === undefined || block.start >= end || block.start + block.length > size) {
    return fingerprintOf(source, { from: 0, end });
  }
  // A block of one endless line is not read whole for this.
  if (block.length <= 1024 * 1024) {
    const bytes = await source.bytes(block.start, block.length);
    if (crc32(bytes) !== block.crc) return { kind: 'damaged', start: block.start };
  }
  return fingerprintOf(source, { from: block.start, end });
}

async function fingerprintOf(
  source: SegmentSource,
  { from, end }: { readonly from: number; readonly end: number },
): Promise<FoundFingerprint> {
  for (const look of LOOKS_BYTES) {
    const position = Math.max(from, end - look);
    const bytes = await source.bytes(position, end - position);
    if (bytes.at(-1) !== NEWLINE) return { kind: 'none' };
    // A negative byteOffset would count from the end: a record of "\n" alone has nothing before.
    const before = bytes.length < 2 ? -1 : bytes.lastIndexOf(NEWLINE, bytes.length - 2);
    const whole = before >= 0 || position === from;
    if (!whole && look !== LOOKS_BYTES.at(-1)) continue;
    const record = bytes.subarray(before + 1);
    const fingerprint = createHash('sha256').update(record).digest('hex').slice(0, 32);
    return { kind: 'fingerprint', fingerprint };
  }
  throw new Error('unreachable: the last look always answers');
}

/** The last one at or before a position. */
async function lastRecordEnd(source: SegmentSource, before: number): Promise<number> {
  for (let end = before; end > 0;) {
    const position = Math.max(0, end - 64 * 1024);
    const newline = (await source.bytes(position, end - position)).lastIndexOf(NEWLINE);
    if (newline >= 0) return position + newline + 1;
    end = position;
  }
  return 0;
}
