import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness, type TestEvent } from './load-harness.js';

/** More than a load has attempts. */
const RIVALS = 12;
const USERS = Array.from(
  { length: RIVALS },
  (_, index) => `user-${String(index).padStart(2, '0')}`,
);
const FIRST = `update users_revenue set updated_at = now() where user_id = '${USERS[0]}'`;
const LAST = `update users_revenue set updated_at = now() where user_id = '${USERS.at(-1)}'`;
const GATE = `update users_revenue set updated_at = now() where user_id = '${USERS[RIVALS / 2]}'`;
const CHECKPOINT = 'update load_checkpoint set updated_at = now()';

describe('a load that conflicts with others again and again', () => {
  let harness: LoadHarness;
  let bench: FaultBench;
  let log: LocalStagingLog;
  const rivals: QueryRunner[] = [];
  const events: TestEvent[] = USERS.map((userId) => [userId, 0.125]);
  beforeAll(async () => {
    harness = await LoadHarness.create();
    bench = new FaultBench(harness);
    const name = new URL(harness.database.url.replace('@/', '@localhost/')).pathname.slice(1);
    // For connections from now on. Whoever waits so long looks for a deadlock, and dies of it.
    await harness.dataSource.query(`alter database ${name} set deadlock_timeout = '20ms'`);
    await harness.dataSource.query(
      `alter database ${name} set default_transaction_isolation = 'serializable'`,
    );
  });
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog();
    await append(log, ...events);
    await harness.processor(log).runOnce();
    await append(log, ...events);
  });
  afterEach(async () => {
    for (const rival of rivals.splice(0)) await end(rival);
  });
  afterAll(() => harness.remove());

  /** A session in a transaction that never is the victim of a deadlock, and sees what is committed. */
  async function openRival(): Promise<QueryRunner> {
    const rival = harness.dataSource.createQueryRunner();
    rivals.push(rival);
    await rival.startTransaction('READ COMMITTED');
    await rival.query(`set local deadlock_timeout = '10min'`);
    return rival;
  }

  async function end(rival: QueryRunner): Promise<void> {
    if (rival.isTransactionActive) await rival.rollbackTransaction();
    if (!rival.isReleased) await rival.release();
  }

  /** Asks until `condition` holds of a session of this database: true. False when `run` ended before. */
  async function until(
    run: Promise<string>,
    condition: string,
    parameters: unknown[] = [],
  ): Promise<boolean> {
    const ended = run.then(() => 'ended' as const);
    for (;;) {
      const [row]: { holds: boolean }[] = await harness.dataSource.query(
        `select bool_or(${condition}) as holds from pg_stat_activity
          where datname = current_database()`,
        parameters,
      );
      if (row?.holds === true) return true;
      const soon = new Promise<null>((resolve) => setTimeout(resolve, 2, null));
      if ((await Promise.race([ended, soon])) !== null) return false;
    }
  }

  const untilHeldBy = (pid: number, run: Promise<string>): Promise<boolean> =>
    until(run, '$1 = any(pg_blocking_pids(pid))', [pid]);

  const untilWaits = (pid: number, run: Promise<string>): Promise<boolean> =>
    until(run, `pid = $1 and wait_event_type = 'Lock'`, [pid]);

  async function pidOf(session: QueryRunner): Promise<number> {
    const [row]: { pid: number }[] = await session.query('select pg_backend_pid() as pid');
    return row?.pid ?? 0;
  }

  test.each([
    ['balances in the opposite order', LAST, FIRST],
    ['a balance, and then the checkpoint', LAST, CHECKPOINT],
  ])('fails after its last deadlock, with one who locks %s', async (_what, lock, thenLock) => {
    const dataSource = await harness.connect();
    const processor = harness.processor(log, { dataSource });
    const rival = await openRival();
    await rival.query(lock);
    // Who waits looks for a deadlock once. The gate stops the load between its first lock and its
    // last, so that the rival waits already when the load begins to: no machine is too slow for it.
    const gate = await openRival();
    await gate.query(GATE);
    const pids = { rival: await pidOf(rival), gate: await pidOf(gate) };
    const run = endOf(processor.runOnce());
    let attempts = 0;
    while (await untilHeldBy(pids.gate, run)) {
      attempts += 1;
      await rival.query('savepoint before_deadlock');
      const locked = rival.query(thenLock); // waits for the load
      expect(await untilWaits(pids.rival, run)).toBe(true);
      await gate.rollbackTransaction(); // now each waits for the other, and the load is who dies
      await locked;
      await gate.startTransaction('READ COMMITTED');
      await gate.query(GATE);
      await rival.query('rollback to savepoint before_deadlock');
    }
    expect(await run).toBe('40P01');
    expect(attempts).toBeGreaterThan(1);
    await bench.expectExact(log, USERS.length);
    await end(rival);
    await end(gate);
    await bench.expectAllLoaded(processor, log, { events: 2 * USERS.length });
  });

  test('fails after its last serialization failure, under serializable', async () => {
    const dataSource = await harness.connect();
    const processor = harness.processor(log, { dataSource });
    // Each has changed the balance of one user: every attempt meets another one who commits then.
    for (const userId of USERS.slice(0, 7)) {
      const rival = await openRival();
      await rival.query('update users_revenue set updated_at = now() where user_id = $1', [userId]);
    }
    const run = endOf(processor.runOnce());
    for (const rival of rivals) {
      if (await untilHeldBy(await pidOf(rival), run)) await rival.commitTransaction();
      else await rival.rollbackTransaction();
    }
    expect(await run).toBe('40001');
    await bench.expectExact(log, USERS.length);
    await bench.expectAllLoaded(processor, log, { events: 2 * USERS.length });
  });

  test('two of them at once, under serializable and with new users each time, are exact', async () => {
    const sides = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const side = await harness.openLog(name);
        const dataSource = await harness.connect();
        return { side, processor: harness.processor(side, { dataSource }) };
      }),
    );
    const ends: string[] = [];
    const rounds = 15;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        sides.map(({ side }) => append(side, ...events, [`new-${round}`, 1], [`new-${round}`, 2])),
      );
      ends.push(...(await Promise.all(sides.map(({ processor }) => endOf(processor.runOnce())))));
    }
    expect(new Set(ends.filter((each) => each !== 'caught-up'))).toEqual(
      new Set(ends.includes('40001') ? ['40001'] : []),
    );
    for (const { processor } of sides) expect(await endOf(processor.runOnce())).toBe('caught-up');
    const balances = await harness.balances();
    // Once by the log of this test before the rivals came, then by each of the two in each round.
    for (const userId of USERS) expect(balances[userId]).toBe(String((1 + 2 * rounds) * 0.125));
    for (let round = 0; round < rounds; round++) expect(balances[`new-${round}`]).toBe('6');
    expect(await harness.deadLetters()).toEqual([]);
  });
});
