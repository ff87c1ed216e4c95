import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareUtf8 } from './compare-utf8.js';
import { mergeSums } from './merge-sums.js';
import type { SortedSums, UserSum } from './user-sum.js';
import { UserSums } from './user-sums.js';

async function collect(sums: SortedSums): Promise<UserSum[]> {
  const all: UserSum[] = [];
  for await (const page of sums()) all.push(...page);
  return all;
}

describe('UserSums', () => {
  let directory: string;
  beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'revenue-etl-spec-'))));
  afterAll(() => rm(directory, { recursive: true }));

  test.each([
    ['all in memory', 10_000],
    ['more files than are merged at once', 100],
    ['a few users at a time', 20],
  ])('has one exact sum a user, in order: %s', async (_what, usersMax) => {
    const sums = new UserSums(usersMax, directory);
    const expected = new Map<string, bigint>();
    for (let index = 0; index < 2_500; index++) {
      const userId = `${['user-', '\u{1F600}', '\uFFFD"\\'][index % 3]}${(index * 7) % 1_101}`;
      const amount = BigInt(index - 1_000) ** 5n;
      expected.set(userId, (expected.get(userId) ?? 0n) + amount);
      sums.add(userId, amount);
      await sums.makeRoom();
    }
    const merged = mergeSums(sums.sources().map((source) => source.sums));
    const all = Array.from(expected, ([userId, sum]) => ({ userId, sum }));
    all.sort((a, b) => compareUtf8(a.userId, b.userId));
    expect(await collect(merged)).toEqual(all);
    expect(await collect(merged)).toEqual(all);
    await sums.dispose();
    expect(await readdir(directory)).toEqual([]);
  });

  test('is nothing without users', async () => {
    const [nothing] = new UserSums(1, directory).sources();
    expect(nothing?.users).toBe(0);
    expect(await collect(mergeSums(nothing === undefined ? [] : [nothing.sums]))).toEqual([]);
    expect(await collect(mergeSums([]))).toEqual([]);
  });

  test('closes its sources when whoever reads them ends early', async () => {
    let open = 0;
    const source: SortedSums = async function* () {
      open += 1;
      try {
        for (let index = 0; index < 10_000; index++) {
          yield await Promise.resolve([{ userId: String(index).padStart(9, '0'), sum: 1n }]);
        }
      } finally {
        open -= 1;
      }
    };
    for await (const page of mergeSums([source, source])()) {
      expect(page[0]).toEqual({ userId: '000000000', sum: 2n });
      expect(open).toBe(2);
      break;
    }
    expect(open).toBe(0);
  });
});
