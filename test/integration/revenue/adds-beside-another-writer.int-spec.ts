import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { applyDeltaPage } from '../../../src/revenue/apply-deltas.js';
import { toDeltaPage } from '../../support/delta-page.js';
import { seededRandom } from '../../support/seeded-random.js';
import { LoadHarness } from '../processor/load-harness.js';

const page = (delta: string, ...users: string[]) =>
  toDeltaPage(users.map((userId) => ({ userId, delta })));

describe('adding to a balance that another transaction changes at the same time', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const add = (delta: string, ...users: string[]) =>
    harness.dataSource.transaction((manager) => applyDeltaPage(manager, page(delta, ...users)));

  async function inTransaction(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
    const runner = harness.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await work(runner);
    } finally {
      await runner.release();
    }
  }

  test.each([
    { end: 'commit', balance: '1000', expected: '1111', counts: { inserted: 0, updated: 1 } },
    { end: 'rollback', balance: '1000', expected: '1011', counts: { inserted: 0, updated: 1 } },
    { end: 'commit', balance: null, expected: '111', counts: { inserted: 0, updated: 1 } },
    { end: 'rollback', balance: null, expected: '11', counts: { inserted: 1, updated: 0 } },
  ])(
    'waits for its $end and then adds, to a balance of $balance',
    async ({ end, balance, expected, counts }) => {
      if (balance !== null) await add(balance, 'abc');
      await inTransaction(async (other) => {
        await applyDeltaPage(other.manager, page('100', 'abc'));
        const adding = add('11', 'abc');
        await harness.untilBlocked(1);
        await (end === 'commit' ? other.commitTransaction() : other.rollbackTransaction());
        expect(await adding).toEqual(counts);
      });
      expect(await harness.balances()).toEqual({ abc: expected });
    },
  );

  test('adds to what a foreign writer inserted, set or deleted meanwhile', async () => {
    await add('1000', 'deleted', 'set');
    await inTransaction(async (other) => {
      await other.query(`insert into users_revenue values ('inserted', 500, now())`);
      await other.query(`update users_revenue set revenue = 700 where user_id = 'set'`);
      await other.query(`delete from users_revenue where user_id = 'deleted'`);
      const adding = add('11', 'deleted', 'inserted', 'set');
      await harness.untilBlocked(1);
      await other.commitTransaction();
      expect(await adding).toEqual({ inserted: 1, updated: 2 });
    });
    expect(await harness.balances()).toEqual({ deleted: '11', inserted: '511', set: '711' });
  });

  test('waits instead of deadlocking, page after page, for users who are new to both', async () => {
    const first = ['a', 'c', 'e', 'g'];
    const second = ['b', 'c', 'd', 'g'];
    await inTransaction(async (other) => {
      await applyDeltaPage(other.manager, page('1', ...first.slice(0, 2)));
      const adding = add('10', ...second);
      await harness.untilBlocked(1);
      await applyDeltaPage(other.manager, page('1', ...first.slice(2)));
      await other.commitTransaction();
      expect(await adding).toEqual({ inserted: 2, updated: 2 });
    });
    const balances = { a: '1', b: '10', c: '11', d: '10', e: '1', g: '11' };
    expect(await harness.balances()).toEqual(balances);
  });

  test('loses nothing and fails nowhere when six writers add at random', async () => {
    const [writers, rounds, users] = [6, 25, 400];
    const expected = new Map<string, number>();
    let inserted = 0;
    const write = async (writer: number): Promise<void> => {
      const random = seededRandom(writer + 1);
      for (let round = 0; round < rounds; round++) {
        const chosen = Array.from({ length: users }, (_, i) => `user-${i}`).filter(
          () => random() < 0.3,
        );
        const half = Math.floor(chosen.sort().length / 2);
        const cents = Math.floor(random() * 1000) - 300;
        const delta = (cents / 100).toFixed(2);
        await harness.dataSource.transaction(async (manager) => {
          for (const part of [chosen.slice(0, half), chosen.slice(half)]) {
            const applied = await applyDeltaPage(manager, page(delta, ...part));
            inserted += applied.inserted;
          }
        });
        for (const user of chosen) expected.set(user, (expected.get(user) ?? 0) + cents);
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    const balances = Object.entries(await harness.balances());
    const found = balances.map(([user, revenue]) => [user, Math.round(Number(revenue) * 100)]);
    expect(new Map(found as [string, number][])).toEqual(expected);
    expect(inserted).toBe(expected.size);
  });
});
