import type { Block } from '../blocks/block-cutter.js';
import { blockAt } from '../blocks/sums-file.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { toOffset, type LogExtent } from '../staging-log.port.js';

/** In the segment, but for `first`, its offset in the log. */
export interface ExtentPlace {
  readonly path: string;
  readonly first: number;
  /** Where a record begins. */
  readonly position: number;
  /** Of what is durable. */
  readonly limit: number;
  readonly bytesMax: number;
}

/** Blocks from the one that holds a position on, as long as one follows the other; null without any. */
export function findExtent(
  blocks: readonly Block[],
  { path, first, position, limit, bytesMax }: ExtentPlace,
): LogExtent | null {
  const found: Block[] = [];
  let end = position;
  for (let block = blockAt(blocks, position); block !== undefined; block = blockAt(blocks, end)) {
    const follows = found.length === 0 ? block.start <= position : block.start === end;
    const fits = found.length === 0 || block.start + block.length - position <= bytesMax;
    // What is longer than a record is judged where damage is, too.
    const usable = block.length <= RECORD_BYTES_MAX && block.start + block.length <= limit;
    if (!follows || !fits || !usable) break;
    found.push(block);
    end = block.start + block.length;
  }
  const [head] = found;
  if (head === undefined) return null;
  return {
    ...{ from: toOffset(first + position), next: toOffset(first + end), path },
    ...{ position: head.start, skip: position - head.start },
    lengths: Uint32Array.from(found, ({ length }) => length),
    crcs: Uint32Array.from(found, ({ crc }) => crc),
  };
}
