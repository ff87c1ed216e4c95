import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { CreateRevenueHistory1763800000006 } from '../../../migrations/1763800000006-create-revenue-history.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const NAME = CreateRevenueHistory1763800000006.name;
const ROW = { bucket: 'hour', revenue: '7' };

describe('a database whose list of migrations does not know the revenue_history that stands', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeEach(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions(database.url)).initialize();
    await runPendingMigrations(source);
    // As after pg_restore --clean of a dump of the version before: it replaces the list, not this table.
    await source.query('delete from migrations where name = $1', [NAME]);
  });
  afterEach(async () => {
    await source.destroy();
    await database.drop();
  });

  test('is migrated, and keeps what the table holds', async () => {
    await source.query(`insert into revenue_history values ('hour', '2026-11-23T08:00:00Z', 7)`);
    expect(await runPendingMigrations(source)).toEqual([NAME]);
    expect(await source.query('select bucket, revenue from revenue_history')).toEqual([ROW]);
    expect(await runPendingMigrations(source)).toEqual([]);
  });

  test.each([
    ['another type', 'alter table revenue_history alter column revenue type float8', /revenue/],
    ['a column less', 'alter table revenue_history drop column bucket', /bucket/],
    ['one more', 'alter table revenue_history add column note text', /note/],
    ['no key', 'alter table revenue_history drop constraint revenue_history_pkey', /primary key/],
  ])('refuses one of another make, with %s, and leaves it', async (_what, change, named) => {
    await source.query(change);
    const refused = runPendingMigrations(source);
    await expect(refused).rejects.toMatchObject({ code: 'TABLE_FOREIGN' });
    await expect(refused).rejects.toThrow(named);
    await expect(refused).rejects.toThrow(/rename/);
    await source.query('alter table revenue_history rename to revenue_history_old');
    expect(await runPendingMigrations(source)).toEqual([NAME]);
  });
});
