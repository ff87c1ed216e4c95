import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness, recordLine } from './load-harness.js';

const STATEMENTS = [
  'START TRANSACTION',
  'load_checkpoint',
  'users_revenue',
  'dead_letters',
  'COMMIT',
];

const BEFORE = { abc: '100', xyz: '10' };
const AFTER = { abc: '157', new: '-3', xyz: '0' };

describe('a load that fails at any statement changes nothing, and the next one does it all', () => {
  let harness: LoadHarness;
  let log: StagingLog;
  let before: Record<string, unknown>[];
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLogWith(recordLine('abc', 100) + recordLine('xyz', 10));
    await harness.processor(log).runOnce();
    await log.close();
    log = await harness.openLogWith(`poison\n${recordLine('abc', 57)}`);
    await append(log, ['new', 3, 'subtract_revenue'], ['xyz', 10, 'subtract_revenue']);
    before = await harness.checkpoints();
  });
  afterAll(() => harness.remove());

  async function expectNothingChanged(): Promise<void> {
    expect(await harness.balances()).toEqual(BEFORE);
    expect(await harness.checkpoints()).toEqual(before);
    expect(await harness.deadLetters()).toEqual([]);
  }

  async function expectLoadedOnce(): Promise<void> {
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual(AFTER);
    expect(await harness.checkpoints()).toMatchObject([{ offset: log.endOffset(), events: 5 }]);
    expect(await harness.deadLetters()).toHaveLength(1);
  }

  /** Calls `act` right before or after the first statement with this text, in the load's runner. */
  function around(dataSource: DataSource, text: string, act: Acts): DataSource {
    const create = dataSource.createQueryRunner.bind(dataSource);
    let armed = true;
    dataSource.createQueryRunner = (mode) => {
      const runner = create(mode);
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      const patched = async (sql: string, ...rest: unknown[]): Promise<unknown> => {
        const hit = armed && sql.includes(text) && !sql.startsWith('select');
        if (hit) {
          armed = false;
          await act.before?.(runner, query);
        }
        const result = await query(sql, ...rest);
        if (hit) await act.after?.(runner, query);
        return result;
      };
      runner.query = patched as QueryRunner['query'];
      return runner;
    };
    return dataSource;
  }

  const killBackend = async (_runner: QueryRunner, query: Query): Promise<void> => {
    const [{ pid }] = (await query('select pg_backend_pid() as pid')) as [{ pid: number }];
    await harness.dataSource.query('select pg_terminate_backend($1, 5000)', [pid]);
  };

  test.each(STATEMENTS)('when the backend is killed before %s', async (text) => {
    const dataSource = around(await harness.connect(), text, { before: killBackend });
    await expect(harness.processor(log, { dataSource }).runOnce()).rejects.toThrow();
    await expectNothingChanged();
    await expectLoadedOnce();
  });

  test.each(STATEMENTS.slice(0, -1))('when the backend is killed after %s', async (text) => {
    const dataSource = around(await harness.connect(), text, { after: killBackend });
    await expect(harness.processor(log, { dataSource }).runOnce()).rejects.toThrow();
    await expectNothingChanged();
    await expectLoadedOnce();
  });

  test('counts once what was committed when the backend is killed after COMMIT', async () => {
    const dataSource = around(await harness.connect(), 'COMMIT', { after: killBackend });
    const processor = harness.processor(log, { dataSource });
    await processor.runOnce().catch(() => undefined);
    await expectLoadedOnce();
  });

  test('goes on over the same pool once its backend was killed', async () => {
    const dataSource = around(await harness.connect(), 'users_revenue', { before: killBackend });
    const processor = harness.processor(log, { dataSource });
    await expect(processor.runOnce()).rejects.toThrow();
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    await expectLoadedOnce();
  });

  test.each([
    ['load_checkpoint', 'before insert or update', ''],
    ['users_revenue', 'after insert or update', `when (new.user_id = 'xyz')`],
    ['dead_letters', 'after insert', ''],
  ])('when a row of %s is refused', async (table, timing, condition) => {
    await refuseRows(`create trigger refuse ${timing} on ${table} for each row ${condition}
      execute function refuse()`);
    await expect(harness.processor(log).runOnce()).rejects.toThrow('refused by the test');
    await expectNothingChanged();
    await harness.dataSource.query('drop function refuse cascade');
    await expectLoadedOnce();
  });

  test('when COMMIT itself is refused', async () => {
    await refuseRows(`create constraint trigger refuse after insert or update on users_revenue
      deferrable initially deferred for each row execute function refuse()`);
    await expect(harness.processor(log).runOnce()).rejects.toThrow('refused by the test');
    await expectNothingChanged();
    await harness.dataSource.query('drop function refuse cascade');
    await expectLoadedOnce();
  });

  test('when the backend is killed in the middle of a statement', async () => {
    const locker = harness.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query(`select from users_revenue where user_id = 'xyz' for update`);
    const load = harness.processor(log, { dataSource: await harness.connect() }).runOnce();
    const rejected = expect(load).rejects.toThrow();
    await harness.untilBlocked(1);
    await harness.dataSource.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    await rejected;
    await locker.rollbackTransaction();
    await locker.release();
    await expectNothingChanged();
    await expectLoadedOnce();
  });

  async function refuseRows(trigger: string): Promise<void> {
    await harness.dataSource.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused by the test'; end $$`);
    await harness.dataSource.query(trigger);
  }
});

type Query = (...args: unknown[]) => Promise<unknown>;

interface Acts {
  readonly before?: (runner: QueryRunner, query: Query) => Promise<void>;
  readonly after?: (runner: QueryRunner, query: Query) => Promise<void>;
}
