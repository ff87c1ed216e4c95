import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { emptyBlock, type Block } from './block-cutter.js';
import { coverBlocks } from './cover-blocks.js';
import { nodeLogFiles } from '../files/log-files.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revenue-etl-cover-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function cover(
  bytes: Buffer,
  known: readonly Block[],
  length = bytes.length,
): ReturnType<typeof coverBlocks> {
  const path = join(directory, 'segment');
  await writeFile(path, bytes);
  const fd = await nodeLogFiles.open(path, 'r');
  try {
    return await coverBlocks(nodeLogFiles, fd, { known, length });
  } finally {
    await nodeLogFiles.close(fd);
  }
}

const blockOf = (bytes: Buffer, start: number, end: number): Block => ({
  start,
  length: end - start,
  crc: crc32(bytes.subarray(start, end)),
});

/** Ten bytes each. */
const TEN = Buffer.from(Array.from({ length: 10 }, (_, n) => `record 0${n}\n`).join(''));

describe('covering a segment', () => {
  test('leaves whole lines without a checksum open', async () => {
    expect(await cover(TEN, [])).toEqual({ blocks: [], open: blockOf(TEN, 0, 100) });
  });

  test('makes no checksum for a line that does not end', async () => {
    const torn = Buffer.concat([TEN, Buffer.from('torn')]);
    const whole = { blocks: [blockOf(TEN, 0, 100)], open: emptyBlock(100) };
    expect(await cover(torn, [])).toEqual(whole);
  });

  test('fills what lies between known blocks, and keeps those, matching or not', async () => {
    const known = [blockOf(TEN, 10, 30), { start: 50, length: 20, crc: 1 }];
    const { blocks, open } = await cover(TEN, known);
    expect(blocks).toEqual([blockOf(TEN, 0, 10), known[0], blockOf(TEN, 30, 50), known[1]]);
    expect(open).toEqual(blockOf(TEN, 70, 100));
  });

  test('keeps known blocks of which the file has nothing', async () => {
    const known = [blockOf(TEN, 0, 50), blockOf(TEN, 70, 100)];
    const cut = await cover(TEN.subarray(0, 65), known);
    expect(cut).toEqual({
      blocks: [known[0], blockOf(TEN, 50, 60), known[1]],
      open: emptyBlock(100),
    });
  });

  test('makes one block of a line that is longer than all windows', async () => {
    const line = Buffer.alloc(2_500_000, 'x');
    line[line.length - 1] = 0x0a;
    const bytes = Buffer.concat([TEN, line, TEN]);
    const { blocks, open } = await cover(bytes, []);
    expect(blocks).toEqual([blockOf(bytes, 0, 100), blockOf(bytes, 100, 100 + line.length)]);
    expect(open).toEqual(blockOf(bytes, 100 + line.length, bytes.length));
  });

  test('looks no further than it is told', async () => {
    expect((await cover(TEN, [], 40)).open).toEqual(blockOf(TEN, 0, 40));
  });
});
