import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { append, LoadHarness } from './load-harness.js';

describe('a load runs the whole transaction again after a conflict', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterEach(() => harness.dataSource.query('drop function if exists conflict cascade'));
  afterAll(() => harness.remove());

  test('after a real deadlock, in which it was the victim', async () => {
    const log = await harness.openLog();
    await append(log, ['a', 1], ['b', 1]);
    await harness.processor(log).runOnce();
    await append(log, ['a', 10], ['b', 10]);
    const runner = harness.dataSource.createQueryRunner();
    await runner.startTransaction();
    // Whose wait lasts that long looks for a deadlock and dies of it: the load, not this one.
    await runner.query(`set local deadlock_timeout = '1min'`);
    const add = (userId: string): Promise<unknown> =>
      runner.query('update users_revenue set revenue = revenue + 100 where user_id = $1', [userId]);
    await add('b');
    const load = harness.processor(log).runOnce();
    await harness.untilBlocked(1);
    await add('a');
    await runner.commitTransaction();
    await runner.release();
    expect(await load).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ a: '111', b: '111' });
    expect(harness.reports).toHaveLength(2);
    expect(await harness.checkpoints()).toMatchObject([{ offset: log.endOffset(), events: 4 }]);
  });

  /** The first `times` rows of users_revenue that are written fail; a sequence survives rollbacks. */
  async function failFirst(times: number, sqlState: string): Promise<void> {
    await harness.dataSource.query('drop sequence if exists conflicts');
    await harness.dataSource.query('create sequence conflicts');
    await harness.dataSource
      .query(`create function conflict() returns trigger language plpgsql as $$
      begin
        if nextval('conflicts') <= ${times} then
          raise exception 'conflict of the test' using errcode = '${sqlState}';
        end if;
        return null;
      end $$`);
    await harness.dataSource.query(`create constraint trigger conflict
      after insert or update on users_revenue deferrable initially deferred
      for each row execute function conflict()`);
  }

  const attempts = async (): Promise<number> => {
    const [row]: { attempts: number }[] = await harness.dataSource.query(
      'select last_value::int as attempts from conflicts',
    );
    return row!.attempts;
  };

  test.each(['40001', '40P01'])(
    'after %s in the answer to COMMIT, and counts once; each time is told',
    async (state) => {
      await failFirst(2, state);
      const log = await harness.openLog();
      await append(log, ['a', 1]);
      const retries: string[] = [];
      const processor = harness.processor(log, { onRetry: (its) => void retries.push(its) });
      expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
      expect(await harness.balances()).toEqual({ a: '1' });
      expect(await attempts()).toBe(3);
      expect(retries).toEqual([state, state]);
    },
  );

  test('gives up after 5 attempts, and the next run loads', async () => {
    await failFirst(5, '40001');
    const log = await harness.openLog();
    await append(log, ['a', 1]);
    const processor = harness.processor(log);
    await expect(processor.runOnce()).rejects.toThrow('conflict of the test');
    expect(await attempts()).toBe(5);
    expect(await harness.balances()).toEqual({});
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ a: '1' });
  });

  test('but not after any other error', async () => {
    await failFirst(1, '23514');
    const log = await harness.openLog();
    await append(log, ['a', 1]);
    await expect(harness.processor(log).runOnce()).rejects.toThrow('conflict of the test');
    expect(await attempts()).toBe(1);
  });
});
