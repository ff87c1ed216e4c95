import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the table must look like; also what a table of that name that was there before is held to. */
const COLUMNS = [
  { name: 'user_id', type: 'text', nullable: false, collation: 'C' },
  { name: 'revenue', type: 'numeric', nullable: false, collation: null },
  { name: 'updated_at', type: 'timestamp with time zone', nullable: false, collation: null },
] as const;

interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly collation: string | null;
}

/** A table `users_revenue` that this system did not make, and cannot use as it is. */
class ForeignTableError extends Error {
  readonly code = 'TABLE_FOREIGN';
}

/**
 * The balances. A table of this name that stands already is taken over when it has the same columns
 * and key, and refused by the column that differs otherwise: nothing of it is changed.
 */
export class CreateUsersRevenue1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const found = await findColumns(runner);
    if (found.length > 0) {
      await refuseForeignTable(runner, found);
      return;
    }
    // Room in each page lets an update of a balance stay in its page (HOT): no index entry moves.
    await runner.query(`
      create table "users_revenue" (
        "user_id" text collate "C" not null,
        "revenue" numeric not null,
        "updated_at" timestamp with time zone not null,
        primary key ("user_id")
      ) with (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "users_revenue"');
  }
}

async function findColumns(runner: QueryRunner): Promise<FoundColumn[]> {
  return (await runner.query(`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
           not a.attnotnull as nullable, c.collname as collation
      from pg_attribute a
      left join pg_collation c on c.oid = a.attcollation
     where a.attrelid = to_regclass('users_revenue') and a.attnum > 0 and not a.attisdropped
     order by a.attnum`)) as FoundColumn[];
}

async function refuseForeignTable(
  runner: QueryRunner,
  found: readonly FoundColumn[],
): Promise<void> {
  for (const wanted of COLUMNS) {
    const column = found.find(({ name }) => name === wanted.name);
    if (column === undefined) throw foreign(`has no column ${wanted.name}`);
    for (const property of ['type', 'nullable', 'collation'] as const) {
      if (property === 'collation' && wanted.collation === null) continue;
      if (column[property] === wanted[property]) continue;
      const is = String(column[property]);
      throw foreign(`column ${wanted.name}: ${property} is ${is}, not ${String(wanted[property])}`);
    }
  }
  const extra = found.find(({ name }) => !COLUMNS.some((wanted) => wanted.name === name));
  if (extra !== undefined) throw foreign(`has a column ${extra.name} that does not belong to it`);
  if (await isUnlogged(runner)) throw foreign('it is unlogged, so a crash would empty it');
  const key = await findPrimaryKey(runner);
  if (key !== 'user_id')
    throw foreign(`column user_id: the primary key is (${key}), not (user_id)`);
}

async function isUnlogged(runner: QueryRunner): Promise<boolean> {
  const rows = (await runner.query(
    `select 1 from pg_class where oid = to_regclass('users_revenue') and relpersistence <> 'p'`,
  )) as unknown[];
  return rows.length > 0;
}

async function findPrimaryKey(runner: QueryRunner): Promise<string> {
  const rows = (await runner.query(`
    select string_agg(a.attname, ', ') as key
      from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
     where i.indrelid = to_regclass('users_revenue') and i.indisprimary`)) as {
    key: string | null;
  }[];
  return rows[0]?.key ?? '';
}

function foreign(difference: string): ForeignTableError {
  const remedy =
    'rename it (alter table users_revenue rename to users_revenue_old) or set DATABASE_URL to another database, then call GET /createTable';
  return new ForeignTableError(
    `a table users_revenue of another make is in this database: ${difference}; ${remedy}`,
  );
}
