import { describe, expect, test } from '@jest/globals';
import type { Block } from './block-cutter.js';
import { blockAt, blockLine, formatSums, parseSums, sealedLine } from './sums-file.js';

const BLOCKS: Block[] = [
  { start: 0, length: 100, crc: 0x0000_00ff },
  { start: 100, length: 50, crc: 0xffff_ffff },
  { start: 150, length: 1, crc: 0 },
];

describe('a .sums file', () => {
  test('says again what was written', () => {
    const text = formatSums(BLOCKS, 151).toString();
    expect(text.split('\n')).toHaveLength(5);
    expect(parseSums(text)).toEqual({ blocks: BLOCKS, sealedLength: 151, damagedLines: 0 });
  });

  test('of an archive says where each block lies', () => {
    const packed = { ...BLOCKS[1]!, place: 7, packed: 33 };
    expect(parseSums(blockLine(packed)).blocks).toEqual([packed]);
  });

  test('tells of each damaged line that it is, and of no other', () => {
    const lines = BLOCKS.map(blockLine);
    for (let damaged = 0; damaged < lines.length; damaged++) {
      const text = lines.map((line, n) => (n === damaged ? `9${line}` : line)).join('');
      const { blocks, damagedLines } = parseSums(text);
      expect(damagedLines).toBe(1);
      expect(blocks).toEqual(BLOCKS.filter((_, n) => n !== damaged));
    }
  });

  test('takes no line of other blocks, of blocks that overlap, or behind its end', () => {
    const [first, second] = BLOCKS.map(blockLine) as [string, string];
    expect(parseSums(second + first)).toMatchObject({ blocks: [BLOCKS[1]], damagedLines: 1 });
    const overlapping = blockLine({ start: 99, length: 5, crc: 1 });
    expect(parseSums(first + overlapping)).toMatchObject({ blocks: [BLOCKS[0]], damagedLines: 1 });
    const sealed = sealedLine(100, 1);
    expect(parseSums(first + sealed + second)).toEqual({
      blocks: [BLOCKS[0]],
      sealedLength: 100,
      damagedLines: 1,
    });
    expect(parseSums(first + sealedLine(99, 1)).sealedLength).toBeNull();
    expect(parseSums(first + sealedLine(100, 2))).toMatchObject({ damagedLines: 1 });
  });

  test('cut anywhere, says what its whole lines say', () => {
    const text = formatSums(BLOCKS, 151).toString();
    for (let length = 0; length < text.length; length++) {
      const whole = text.slice(0, length + 1).split('\n').length - 1;
      const { blocks } = parseSums(text.slice(0, length));
      // A line without its line end is told by its own checksum.
      expect(blocks.length).toBeGreaterThanOrEqual(Math.min(3, whole) - 1);
      expect(blocks).toEqual(BLOCKS.slice(0, blocks.length));
    }
  });
});

test('the block at a position is the one that holds it, else the next one', () => {
  const blocks = [BLOCKS[0]!, { start: 120, length: 30, crc: 1 }];
  const found = [0, 99, 100, 119, 120, 149, 150].map((at) => blockAt(blocks, at)?.start);
  expect(found).toEqual([0, 0, 120, 120, 120, 120, undefined]);
});
