import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { MIGRATIONS } from '../../../src/shared/database/migrations.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const GOOD = {
  user_id: 'text collate "C" not null',
  revenue: 'numeric not null',
  updated_at: 'timestamptz not null',
};

describe('a table users_revenue that stands already', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeEach(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions(database.url)).initialize();
  });
  afterEach(async () => {
    await source.destroy();
    await database.drop();
  });

  const create = (columns: Record<string, string | null>, more = ', primary key (user_id)') =>
    source.query(
      `create table users_revenue (${Object.entries({ ...GOOD, ...columns })
        .filter(([, definition]) => definition !== null)
        .map(([name, definition]) => `${name} ${String(definition)}`)
        .join(', ')}${more})`,
    );

  test.each<[string, Record<string, string | null>, string | undefined]>([
    [
      'column user_id: type is character varying(255), not text',
      { user_id: 'varchar(255) collate "C" not null' },
      undefined,
    ],
    ['column user_id: type is bigint, not text', { user_id: 'bigint not null' }, undefined],
    ['column user_id: collation is default, not C', { user_id: 'text not null' }, undefined],
    ['column revenue: type is integer, not numeric', { revenue: 'integer not null' }, undefined],
    [
      'column revenue: type is numeric(10,2), not numeric',
      { revenue: 'numeric(10,2) not null' },
      undefined,
    ],
    [
      'column revenue: type is double precision, not numeric',
      { revenue: 'float8 not null' },
      undefined,
    ],
    ['column revenue: nullable is true, not false', { revenue: 'numeric' }, undefined],
    [
      'column updated_at: type is timestamp without time zone',
      { updated_at: 'timestamp not null' },
      undefined,
    ],
    ['has no column updated_at', { updated_at: null }, undefined],
    ['has no column revenue', { revenue: null, balance: 'numeric not null' }, undefined],
    ['has a column currency that does not belong to it', { currency: 'text' }, undefined],
    ['column user_id: the primary key is (), not (user_id)', {}, ''],
    [
      'the primary key is (user_id, updated_at), not (user_id)',
      {},
      ', primary key (user_id, updated_at)',
    ],
  ])('is refused by what differs: %s', async (difference, columns, key) => {
    await create(columns, key);
    const refusal = await runPendingMigrations(source).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'TABLE_FOREIGN' });
    expect(refusal).toHaveProperty('message', expect.stringContaining(difference));
    expect(refusal).toHaveProperty('message', expect.stringContaining('rename it'));
    const rows: { name: string }[] = await source.query(
      `select table_name as name from information_schema.tables
        where table_schema = 'public' and table_name <> 'migrations'`,
    );
    expect(rows).toEqual([{ name: 'users_revenue' }]); // nothing was half made
  });

  test('is refused when a crash of the server would empty it', async () => {
    await create({});
    await source.query('alter table users_revenue set unlogged');
    const refusal = await runPendingMigrations(source).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'TABLE_FOREIGN' });
    expect(refusal).toHaveProperty('message', expect.stringContaining('is unlogged'));
  });

  test('is refused when it is a view', async () => {
    await source.query(
      `create view users_revenue as
        select 'abc' collate "C" as user_id, 1::numeric as revenue, now() as updated_at`,
    );
    await expect(runPendingMigrations(source)).rejects.toMatchObject({ code: 'TABLE_FOREIGN' });
  });

  test('is taken over with its rows when it has the same shape', async () => {
    await create({});
    await source.query(`insert into users_revenue values ('abc', 12.5, now())`);
    expect(await runPendingMigrations(source)).toHaveLength(MIGRATIONS.length);
    expect(await source.query('select user_id, revenue from users_revenue')).toEqual([
      { user_id: 'abc', revenue: '12.5' },
    ]);
  });

  test('may have its columns in another order', async () => {
    await source.query(
      `create table users_revenue (updated_at timestamptz not null, revenue numeric not null,
         user_id text collate "C" primary key)`,
    );
    expect(await runPendingMigrations(source)).toHaveLength(MIGRATIONS.length);
  });
});
