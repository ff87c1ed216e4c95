import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { watchReads, watchSegments } from './watched-segments.js';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'revenue-etl-watch-'))));
afterEach(() => rm(directory, { recursive: true }));

it('tells the bytes of all segments, and of no other file that gets the number of one', async () => {
  const told: number[] = [];
  const files = watchSegments((bytes) => told.push(bytes));
  const write = async (name: string, length: number): Promise<void> => {
    const fd = await files.open(join(directory, name), 'w');
    await files.write(fd, Buffer.alloc(length), 0);
    await files.close(fd);
  };
  await write('1.jsonl', 10);
  await write('1.sums', 100); // as a rule with the number of the one that was closed
  await write('2.jsonl', 5);
  expect(told).toEqual([10, 15]);
});

it('tells each read of segments and of ids, and of no other file that gets the number of one', async () => {
  const told: number[] = [];
  const files = watchReads((bytes) => told.push(bytes));
  const read = async (name: string, length: number): Promise<void> => {
    const path = join(directory, name);
    await writeFile(path, Buffer.alloc(length));
    const fd = await files.open(path, 'r');
    await files.read(fd, Buffer.alloc(1_000), 0);
    await files.close(fd);
  };
  await read('1.jsonl', 10);
  await read('1.sums', 100);
  await read('1.ids', 5);
  await read('archive.jsonl.gz', 7);
  expect(told).toEqual([10, 5]);
});
