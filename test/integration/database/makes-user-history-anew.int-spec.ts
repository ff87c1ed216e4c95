import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { CreateUserHistoryState1763800000007 } from '../../../migrations/1763800000007-create-user-history-state.js';
import { CreateUserRevenueHistory1763800000008 } from '../../../migrations/1763800000008-create-user-revenue-history.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const NAMES = [
  CreateUserHistoryState1763800000007.name,
  CreateUserRevenueHistory1763800000008.name,
];

describe('a database whose list of migrations does not know the history of users that stands', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeEach(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions(database.url)).initialize();
    await runPendingMigrations(source);
    // As after pg_restore --clean of a dump of the version before: it replaces the list, not these tables.
    await source.query('delete from migrations where name = any($1)', [NAMES]);
  });
  afterEach(async () => {
    await source.destroy();
    await database.drop();
  });

  test('begins it anew, because it is of another time than the balances', async () => {
    await source.query(
      `insert into user_revenue_history values ('abc', 'hour', '2026-11-23T08:00:00Z', 7)`,
    );
    await source.query(
      `insert into user_history_state values (gen_random_uuid(), 5, '2026-11-23T08:00:00Z')`,
    );
    expect(await runPendingMigrations(source)).toEqual(NAMES);
    expect(await source.query('select from user_revenue_history')).toEqual([]);
    expect(await source.query('select from user_history_state')).toEqual([]);
    expect(await runPendingMigrations(source)).toEqual([]);
  });

  test.each(['user_revenue_history', 'user_history_state'])(
    'refuses a %s of another make, and leaves it',
    async (table) => {
      await source.query(`alter table ${table} add column note text`);
      const refused = runPendingMigrations(source);
      await expect(refused).rejects.toMatchObject({ code: 'TABLE_FOREIGN' });
      await expect(refused).rejects.toThrow(/note.*rename/);
      await source.query(`alter table ${table} rename to of_before`);
      await runPendingMigrations(source);
      expect(await source.query(`select from ${table}`)).toEqual([]);
    },
  );
});
