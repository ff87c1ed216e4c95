import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BLOCK_BYTES_MAX, cutBlocks, emptyBlock, type Block } from './block-cutter.js';

const line = (length: number): string => `${'x'.repeat(length - 1)}\n`;

/** Cut as commits come, and what is still open at the end. */
function cutAll(commits: readonly Buffer[]): Block[] {
  const blocks: Block[] = [];
  let open = emptyBlock(0);
  for (const commit of commits) {
    const cut = cutBlocks(open, commit);
    blocks.push(...cut.blocks);
    open = cut.open;
  }
  return open.length > 0 ? [...blocks, open] : blocks;
}

describe('blocks', () => {
  test('cover every byte once, in whole lines, within the bound, whatever the commits are', () => {
    const length = fc.oneof(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: BLOCK_BYTES_MAX - 2, max: BLOCK_BYTES_MAX + 2 }),
      fc.integer({ min: 20_000, max: 150_000 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(length, { minLength: 1, maxLength: 6 })), (commits) => {
        const buffers = commits.map((lengths) => Buffer.from(lengths.map(line).join('')));
        const bytes = Buffer.concat(buffers);
        let end = 0;
        for (const { start, length: size, crc } of cutAll(buffers)) {
          const covered = bytes.subarray(start, start + size);
          expect([start, crc, covered.at(-1)]).toEqual([end, crc32(covered), 0x0a]);
          const isOneLine = covered.indexOf('\n') === size - 1;
          expect(size <= BLOCK_BYTES_MAX || isOneLine).toBe(true);
          end += size;
        }
        expect(end).toBe(bytes.length);
      }),
      { numRuns: 150 },
    );
  });

  test('are full before another one begins', () => {
    const lines = Array.from({ length: 100 }, () => line(10_000));
    const blocks = cutAll(lines.map((text) => Buffer.from(text)));
    expect(blocks.slice(0, -1).every(({ length }) => length === 60_000)).toBe(true);
  });

  test('change nothing of the one that was open: a commit that fails is forgotten', () => {
    const open = cutBlocks(emptyBlock(0), Buffer.from(line(10))).open;
    const before = { ...open };
    cutBlocks(open, Buffer.from(line(BLOCK_BYTES_MAX)));
    expect(open).toEqual(before);
  });
});
