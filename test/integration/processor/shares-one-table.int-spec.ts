import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { append, LoadHarness, type TestEvent } from './load-harness.js';

const USERS = Array.from({ length: 150 }, (_, index) => `user-${index}`);
const ROUNDS = 40;

describe('processors of two logs load into one table', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  /** How many transactions a pool began: one more than loads would be a retry. */
  function countTransactions(dataSource: DataSource): () => number {
    const create = dataSource.createQueryRunner.bind(dataSource);
    let count = 0;
    dataSource.createQueryRunner = (mode) => {
      const runner = create(mode);
      const start = runner.startTransaction.bind(runner);
      runner.startTransaction = (level) => {
        count += 1;
        return start(level);
      };
      return runner;
    };
    return () => count;
  }

  test('with the same users in opposite order, exactly and without a deadlock', async () => {
    const orders = [USERS, USERS.toReversed()];
    const sides = await Promise.all(
      orders.map(async (users, index) => {
        const log = await harness.openLog(`data-${index}`);
        const dataSource = await harness.connect();
        const transactions = countTransactions(dataSource);
        const dataDir = harness.dataDir(`data-${index}`);
        return {
          users,
          log,
          transactions,
          processor: harness.processor(log, { dataSource, dataDir }),
        };
      }),
    );
    for (let round = 0; round < ROUNDS; round++) {
      // Users that both have, and users who are new to both in this very round.
      await Promise.all(
        sides.map(({ log, users }) => {
          const events = users.flatMap((userId): TestEvent[] => [
            [userId, 0.1],
            [`${userId}-${round % 8}`, 2, 'subtract_revenue'],
          ]);
          return append(log, ...events);
        }),
      );
      await Promise.all(sides.map(({ processor }) => processor.runOnce()));
    }
    const balances = Object.entries(await harness.balances());
    const [common, others] = [/^user-\d+$/, /^user-\d+-\d$/].map((pattern) =>
      balances.filter(([userId]) => pattern.test(userId)).map(([, revenue]) => revenue),
    );
    expect(common).toEqual(USERS.map(() => String((2 * ROUNDS) / 10)));
    expect(others).toEqual(Array(8 * USERS.length).fill(String((-2 * 2 * ROUNDS) / 8)));
    expect(sides.map(({ transactions }) => transactions())).toEqual([ROUNDS, ROUNDS]);
    expect(await harness.checkpoints()).toHaveLength(2);
  });
});
