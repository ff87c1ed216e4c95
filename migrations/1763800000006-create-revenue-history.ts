import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a table of that name that was there before is held to. */
const SHAPE = [
  'column bucket text not null',
  'column revenue numeric not null',
  'column start timestamp with time zone not null',
  'primary key (bucket, start)',
];

/** A table `revenue_history` that this system did not make. */
class ForeignHistoryError extends Error {
  readonly code = 'TABLE_FOREIGN';
}

/**
 * Revenue over time. Rows are added to in their page (HOT), that of the current hour with each load. What was loaded
 * before this table stood is not in it: `npm run rebuild` puts it there.
 *
 * A table of this shape that stands already is taken as it is: the restore of a dump that is older than this migration
 * leaves it, and replaces the list of migrations. What it holds is then verify's to judge.
 */
export class CreateRevenueHistory1763800000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const found = await findShape(runner);
    if (found.length > 0) {
      refuseForeignShape(found);
      return;
    }
    await runner.query(`
      create table "revenue_history" (
        "bucket" text collate "C" not null,
        "start" timestamptz not null,
        "revenue" numeric not null,
        primary key ("bucket", "start"),
        constraint "revenue_history_bucket" check ("bucket" in ('hour', 'day'))
      ) with (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "revenue_history"');
  }
}

/** Empty where there is no such table. */
async function findShape(runner: QueryRunner): Promise<string[]> {
  const rows = (await runner.query(`
    select format('column %s %s%s', attname, format_type(atttypid, atttypmod),
                  case when attnotnull then ' not null' else '' end) as part
      from pg_attribute
     where attrelid = to_regclass('revenue_history') and attnum > 0 and not attisdropped
    union all
    select format('primary key (%s)', string_agg(a.attname, ', ' order by a.attname))
      from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = to_regclass('revenue_history') and i.indisprimary
     group by i.indexrelid`)) as { part: string }[];
  return rows.map(({ part }) => part);
}

function refuseForeignShape(found: readonly string[]): void {
  const missing = SHAPE.filter((part) => !found.includes(part)).map((part) => `no ${part}`);
  const extra = found.filter((part) => !SHAPE.includes(part));
  const differences = [...missing, ...extra];
  if (differences.length === 0) return;
  const remedy =
    'rename it (alter table revenue_history rename to revenue_history_old) or set DATABASE_URL to another database, then call GET /createTable';
  throw new ForeignHistoryError(
    `a table revenue_history of another make is in this database: it has ${differences.join(', ')}; ${remedy}`,
  );
}
