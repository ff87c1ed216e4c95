import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { DeadLetter } from '../../../src/dead-letters/dead-letter.entity.js';
import { Resubmission } from '../../../src/dead-letters/resubmission.entity.js';
import { LoadCheckpoint } from '../../../src/processor/load-checkpoint.entity.js';
import { PastLoad } from '../../../src/processor/past-load.entity.js';
import { RevenueHistory } from '../../../src/revenue/revenue-history.entity.js';
import { UsersRevenue } from '../../../src/revenue/users-revenue.entity.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { forgetDropped } from '../../../src/shared/database/forget-dropped-tables.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { MIGRATIONS } from '../../../src/shared/database/migrations.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const NAMES = MIGRATIONS.map(({ name }) => name);

describe('the migrations', () => {
  let database: TestDatabase;
  let sources: DataSource[];
  beforeEach(async () => {
    database = await createTestDatabase();
    sources = [];
  });
  afterEach(async () => {
    for (const source of sources) await source.destroy();
    await database.drop();
  });

  async function connect(): Promise<DataSource> {
    const entities = [
      UsersRevenue,
      LoadCheckpoint,
      DeadLetter,
      Resubmission,
      PastLoad,
      RevenueHistory,
    ];
    const options = { ...dataSourceOptions(database.url), entities };
    const source = await new DataSource(options).initialize();
    sources.push(source);
    return source;
  }

  const tables = async (source: DataSource): Promise<string[]> => {
    const rows: { name: string }[] = await source.query(
      `select table_name as name from information_schema.tables
        where table_schema = 'public' order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  test('go up, down and up again, and leave nothing behind in between', async () => {
    const source = await connect();
    expect(await runPendingMigrations(source)).toEqual(NAMES);
    const all = [
      ...[
        'dead_letters',
        'load_checkpoint',
        'loads',
        'migrations',
        'resubmissions',
        'revenue_history',
        'users_revenue',
      ],
    ];
    expect(await tables(source)).toEqual(all);
    while ((await tables(source)).length > 1) await source.undoLastMigration();
    expect(await tables(source)).toEqual(['migrations']);
    expect(await runPendingMigrations(source)).toEqual(NAMES);
    expect(await runPendingMigrations(source)).toEqual([]);
  });

  test('agree with the entities, so that no column is missing or differs', async () => {
    const source = await connect();
    await runPendingMigrations(source);
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    // The comparison itself sees a difference when there is one.
    await source.query('alter table dead_letters alter column state drop default');
    expect((await source.driver.createSchemaBuilder().log()).upQueries).not.toEqual([]);
  });

  test('index the dead letters that are open, for whoever counts them', async () => {
    const source = await connect();
    await runPendingMigrations(source);
    await source.query(
      `insert into dead_letters (log_id, "offset", length, bytes, code, message, state)
       select gen_random_uuid(), n, 1, 'x', 'X', 'why', case when n > 19990 then 'open' else 'resolved' end
         from generate_series(1, 20000) as n`,
    );
    await source.query('analyze dead_letters');
    const plan: unknown = await source.query(
      `explain select count(*) from dead_letters where state = 'open'`,
    );
    expect(JSON.stringify(plan)).toContain('dead_letters_open_idx');
    // The comparison with the entity sees it, too.
    await source.query('drop index dead_letters_open_idx');
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([
      expect.stringContaining('"dead_letters_open_idx"'),
    ]);
  });

  test('run where a table was dropped that they change', async () => {
    const source = await connect();
    await runPendingMigrations(source);
    await source.undoLastMigration();
    await source.undoLastMigration();
    await source.query('drop table dead_letters');
    expect(await runPendingMigrations(source)).toEqual(NAMES.slice(-2));
    expect(await forgetDropped(source)).toEqual(['dead_letters']);
    expect(await runPendingMigrations(source)).toEqual([NAMES[2], NAMES.at(-2)]);
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries).toEqual([]);
  });

  test('run once when processes boot together, and none of them fails', async () => {
    const processes = await Promise.all(Array.from({ length: 4 }, connect));
    const ran = await Promise.all(processes.map(runPendingMigrations));
    expect(ran.toSorted((a, b) => b.length - a.length)).toEqual([NAMES, [], [], []]);
  });

  test('wait for one another even between two steps, and free the lock with a dead process', async () => {
    const [first, second] = await Promise.all([connect(), connect()]);
    const blocker = first.createQueryRunner();
    // The name is taken by a transaction that is open: the first one waits within its migration.
    await blocker.startTransaction();
    await blocker.query('create table dead_letters (x int)');
    const lost = runPendingMigrations(first).catch(() => 'lost');
    await untilWaiting(second, 1);
    const waiting = runPendingMigrations(second);
    await untilWaiting(second, 2);
    await second.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and (wait_event = 'transactionid' or query like '%pg_advisory_lock%' and state = 'idle')`,
    );
    await blocker.rollbackTransaction();
    await blocker.release();
    expect(await lost).toBe('lost');
    expect(await waiting).toEqual(NAMES);
  });

  test('leave the session as it was', async () => {
    const source = await connect();
    await runPendingMigrations(source);
    const settings = await Promise.all(
      Array.from({ length: 8 }, () => source.query<unknown[]>('show lock_timeout')),
    );
    expect(new Set(settings.map((rows) => JSON.stringify(rows)))).toEqual(
      new Set(['[{"lock_timeout":"0"}]']),
    );
    const [row]: { locks: number }[] = await source.query(
      `select count(*)::int as locks from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(row?.locks).toBe(0);
  });

  async function untilWaiting(source: DataSource, count: number): Promise<void> {
    for (;;) {
      const [row]: { waiting: number }[] = await source.query(
        `select count(*)::int as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (row?.waiting === count) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
});
