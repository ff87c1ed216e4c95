import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DedupeIndex } from './dedupe-index.js';
import { loadIdFile, readIdFileHeader, writeIdFile } from './id-file.js';
import { nodeLogFiles } from '../files/log-files.js';

const KEY = Buffer.from('of the hashes 16');
const BOUNDS = { idsMax: 100, windowSeconds: 60 };
const FACTS = { first: 0, length: 100, seconds: 1_000, lastTimestamp: 1_763_800_000_123 };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revenue-etl-ids-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Writes the ids of one index to a file, and loads it to another one. @returns that one. */
async function carryOver(
  index: DedupeIndex,
  { writtenAt, loadedAt }: { writtenAt: number; loadedAt: number },
): Promise<DedupeIndex> {
  const path = join(directory, 'segment.ids');
  const source = { index, from: 0, to: index.position, startSeconds: writtenAt };
  await writeIdFile(nodeLogFiles, path, { ...source, facts: FACTS, bounds: BOUNDS });
  const file = await readIdFileHeader(nodeLogFiles, path, { ...FACTS, key: KEY, bounds: BOUNDS });
  if (file.kind !== 'usable') throw new Error(file.kind);
  expect(file.header.count).toBe(index.size);
  const other = new DedupeIndex(BOUNDS, KEY);
  const into = { index: other, header: file.header, startSeconds: loadedAt, idsMax: 100 };
  expect(await loadIdFile(nodeLogFiles, path, into)).toBeNull();
  return other;
}

describe('the age of an id that was kept in a file', () => {
  it('is at most 2 s too low, and never too high, by the clock of whoever loads it', async () => {
    const moment = fc.double({ min: 0, max: 1_000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        moment,
        moment,
        fc.array(moment, { maxLength: 20 }),
        async (writtenAt, loadedAt, moments) => {
          const index = new DedupeIndex(BOUNDS, KEY);
          const ages = moments.toSorted((a, b) => a - b);
          for (const [n, age] of ages.entries()) index.add(`${n}`, '', writtenAt + age);
          const loaded = await carryOver(index, { writtenAt, loadedAt });
          const left = ages.length - index.size; // they were too old for the window
          for (const [n, age] of [...ages.entries()].slice(left)) {
            // Not 60: sums of doubles round, and the last moment of the window is none of this test.
            expect(loaded.look(`${n}`, '', loadedAt + age + 59.9)).toBe('duplicate');
            expect(loaded.look(`${n}`, '', loadedAt + age + 65)).toBe('new');
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
