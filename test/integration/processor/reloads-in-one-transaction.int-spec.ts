import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { reloadRange, type ReloadOutcome } from '../../../src/processor/processor.port.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import { DamagedReader } from './damaged-reader.js';
import { append, LoadHarness, recordLine } from './load-harness.js';

const line = recordLine('abc', 1);
const AT = line.length;

describe('a reload is one transaction', () => {
  let harness: LoadHarness;
  let sound: StagingLog;
  let log: DamagedReader;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    sound = await harness.openLogWith(`${line.repeat(5)}poison\n${line.repeat(4)}`);
    log = new DamagedReader(sound);
    log.damage = [{ from: 3 * AT, to: sound.endOffset() - 2 * AT }];
    await harness.processor(log).runOnce();
    log.damage = [];
  });
  afterAll(() => harness.remove());

  const reload = async (to = 9 * AT + 7): Promise<ReloadOutcome> =>
    reloadRange({
      dataSource: await harness.connect(),
      log,
      dataDir: harness.directory,
      from: START_OF_LOG,
      to: toOffset(to),
    });

  const everything = async (): Promise<unknown> => ({
    balances: await harness.balances(),
    checkpoints: await harness.checkpoints(),
    deadLetters: await harness.deadLetters(),
  });

  async function expectReloaded(events = 9): Promise<void> {
    expect(await harness.balances()).toMatchObject({ abc: '9' });
    expect(await harness.checkpoints()).toMatchObject([{ events }]);
    const letters = await harness.deadLetters();
    expect(letters.map(({ code, state }) => [code, state])).toEqual([
      ['BLOCK_CORRUPT', 'reloaded'],
      ['INVALID_JSON', 'open'],
    ]);
  }

  test.each([
    ['users_revenue', 'after insert or update', 'immediate'],
    ['dead_letters', 'after update', 'immediate'],
    ['dead_letters', 'after insert', 'immediate'],
    ['load_checkpoint', 'after update', 'immediate'],
    ['load_checkpoint', 'after update', 'deferred'],
  ])('which changes nothing when a row of %s is refused %s, %s', async (table, timing, when) => {
    const before = await everything();
    await harness.dataSource.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused by the test'; end $$`);
    await harness.dataSource.query(`create constraint trigger refuse ${timing} on ${table}
      deferrable initially ${when} for each row execute function refuse()`);
    await expect(reload()).rejects.toThrow('refused by the test');
    expect(await everything()).toEqual(before);
    await harness.dataSource.query('drop function refuse cascade');
    expect(await reload()).toMatchObject({ kind: 'reloaded' });
    await expectReloaded();
  });

  test('which changes nothing when its backend is killed in the middle', async () => {
    const before = await everything();
    await whileLocked(async () => {
      const rejected = expect(reload()).rejects.toThrow();
      await harness.untilBlocked(1);
      await harness.dataSource.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      await rejected;
    });
    expect(await everything()).toEqual(before);
    expect(await reload()).toMatchObject({ kind: 'reloaded' });
    await expectReloaded();
  });

  test('of which one of two at the same time finds nothing to do', async () => {
    const outcomes: Promise<ReloadOutcome>[] = [];
    await whileLocked(async () => {
      outcomes.push(reload(), reload());
      await harness.untilBlocked(2);
    });
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['nothing-to-reload', 'reloaded']);
    await expectReloaded();
  });

  test('that a load at the same time waits for, and both count', async () => {
    await append(sound, ['new', 5]);
    const processor = harness.processor(log, { dataSource: await harness.connect() });
    const both: Promise<unknown>[] = [];
    await whileLocked(async () => {
      both.push(reload());
      await harness.untilBlocked(1);
      both.push(processor.runOnce());
      await harness.untilBlocked(2);
    });
    expect(await Promise.all(both)).toMatchObject([{ kind: 'reloaded' }, { kind: 'caught-up' }]);
    expect(await harness.balances()).toEqual({ abc: '9', new: '5' });
    await expectReloaded(10);
    expect(await harness.mirror()).toMatchObject({ events: 10 });
  });

  /** With the balance of `abc` locked by somebody else. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const locker = harness.dataSource.createQueryRunner();
    try {
      await locker.startTransaction();
      await locker.query(`select from users_revenue where user_id = 'abc' for update`);
      await work();
    } finally {
      await locker.rollbackTransaction();
      await locker.release();
    }
  }
});
