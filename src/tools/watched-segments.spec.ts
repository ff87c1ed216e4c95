import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { watchSegments } from './watched-segments.js';

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
