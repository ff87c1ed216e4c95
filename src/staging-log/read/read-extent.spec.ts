import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Block } from '../blocks/block-cutter.js';
import type { LogExtent } from '../staging-log.port.js';
import { findExtent } from './find-extent.js';
import { EXTENT_WINDOW_BYTES_MIN, readExtent } from './read-extent.js';

const FIRST = 1_000_000;
const LENGTHS = [100, 65_536, 1_000_000, 40_000, EXTENT_WINDOW_BYTES_MIN, 1];
const TOTAL = LENGTHS.reduce((sum, length) => sum + length, 0);

describe('an extent', () => {
  let directory: string;
  let path: string;
  const bytes = Buffer.alloc(TOTAL, Buffer.from('records of a segment, '));
  const blocks: Block[] = [];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'revenue-etl-extent-'));
    path = join(directory, 'segment');
    let start = 0;
    for (const length of LENGTHS) {
      blocks.push({ start, length, crc: crc32(bytes.subarray(start, start + length)) });
      start += length;
    }
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  const find = (position: number, bytesMax = Infinity, limit = TOTAL): LogExtent | null =>
    findExtent(blocks, { path, first: FIRST, position, limit, bytesMax });

  /** What is read of it, from where, and up to where. */
  function read(extent: LogExtent, takes = Infinity): { reached: number; pieces: Buffer } {
    const window = new Uint8Array(EXTENT_WINDOW_BYTES_MIN);
    const pieces: Buffer[] = [];
    const reached = readExtent(extent, window, (length, offset) => {
      if (pieces.length === takes) return false;
      const before = pieces.reduce((sum, piece) => sum + piece.length, 0);
      expect(offset).toBe(extent.from + before);
      pieces.push(Buffer.from(window.subarray(0, length)));
      return true;
    });
    return { reached, pieces: Buffer.concat(pieces) };
  }

  test.each([0, 1, 99, 100, 101, 65_635, 65_636, 1_100_000, TOTAL - 1])(
    'gives each byte once, from %i on',
    (position) => {
      writeFileSync(path, bytes);
      const extent = find(position)!;
      expect([extent.from, extent.next]).toEqual([FIRST + position, FIRST + TOTAL]);
      const { reached, pieces } = read(extent);
      expect(reached).toBe(extent.next);
      expect(pieces.equals(bytes.subarray(position))).toBe(true);
    },
  );

  test('has whole blocks up to its bound, and one at least', () => {
    expect(find(0, 1)?.next).toBe(FIRST + 100);
    expect(find(50, 65_586)?.next).toBe(FIRST + 65_636);
    expect(find(50, 65_585)?.next).toBe(FIRST + 100);
  });

  test('ends before a block that is not durable yet, or that no checksum is of', () => {
    expect(find(0, Infinity, 65_635)?.next).toBe(FIRST + 100);
    expect(find(0, Infinity, 99)).toBeNull();
    expect(find(TOTAL)).toBeNull();
    const gap = [blocks[0]!, blocks[2]!];
    const place = { path, first: FIRST, limit: TOTAL, bytesMax: Infinity };
    expect(findExtent(gap, { ...place, position: 0 })?.next).toBe(FIRST + 100);
    expect(findExtent(gap, { ...place, position: 200 })).toBeNull();
  });

  test('has no block that is longer than a record may be', () => {
    const long = [{ start: 0, length: EXTENT_WINDOW_BYTES_MIN + 1, crc: 0 }];
    const place = { path, first: FIRST, position: 0, limit: TOTAL, bytesMax: Infinity };
    expect(findExtent(long, place)).toBeNull();
  });

  test('is read up to the block that does not match, from any position on', () => {
    for (const position of [0, 99, 100, 70_000]) {
      for (const [index, { start, length }] of blocks.entries()) {
        const damaged = Buffer.from(bytes);
        damaged[start + length - 1]! ^= 1;
        writeFileSync(path, damaged);
        const { reached, pieces } = read(find(position)!);
        const end = start + length <= position ? TOTAL : Math.max(start, position);
        expect({ index, position, reached }).toEqual({ index, position, reached: FIRST + end });
        expect(pieces.equals(bytes.subarray(position, end))).toBe(true);
      }
    }
  });

  test('is read up to where the file ends, in whole pieces that were proved', () => {
    for (const length of [0, 50, 100, 60_000, 1_200_000, TOTAL - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      const { reached, pieces } = read(find(0)!);
      expect(reached).toBeLessThanOrEqual(FIRST + length);
      expect(pieces.equals(bytes.subarray(0, reached - FIRST))).toBe(true);
    }
  });

  test('is not read at all where the file is gone', () => {
    const extent = { ...find(100)!, path: join(directory, 'gone') };
    expect(read(extent)).toEqual({ reached: extent.from, pieces: Buffer.alloc(0) });
  });

  test('is left where nobody wants more', () => {
    writeFileSync(path, bytes);
    const extent = find(0)!;
    const { reached, pieces } = read(extent, 1);
    expect(reached).toBe(FIRST + pieces.length);
    expect(reached).toBeLessThan(extent.next);
    expect(read(extent, 0).reached).toBe(extent.from);
  });
});
