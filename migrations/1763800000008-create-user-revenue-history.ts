import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the order of their bytes. */
const COLUMNS = 'bucket,revenue,start,user_id';

/** A table `user_revenue_history` that this system did not make. */
class ForeignUserHistoryError extends Error {
  readonly code = 'TABLE_FOREIGN';
}

/**
 * Revenue over time by user, kept while USER_HISTORY=true. The bounds of `start` are those of a record's timestamp, so
 * that each row has a place in the order in which verify goes through them. What is known of an earlier table of this
 * name is not known of this one.
 *
 * One of these columns that stands already is made anew: the restore of an older dump leaves it, and what it says is of
 * another time than the balances. `npm run rebuild` fills it again.
 */
export class CreateUserRevenueHistory1763800000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await removeWhatStands(runner);
    await runner.query(`
      create table "user_revenue_history" (
        "user_id" text collate "C" not null,
        "bucket" text collate "C" not null,
        "start" timestamptz not null,
        "revenue" numeric not null,
        primary key ("user_id", "bucket", "start"),
        constraint "user_revenue_history_bucket" check ("bucket" in ('hour', 'day')),
        constraint "user_revenue_history_start" check ("start" >= '1970-01-01T00:00:00Z' and "start" < 'infinity')
      ) with (fillfactor = 70)`);
    await runner.query('update "user_history_state" set "offset" = -1');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "user_revenue_history"');
  }
}

async function removeWhatStands(runner: QueryRunner): Promise<void> {
  const [found] = (await runner.query(`
    select string_agg(attname, ',' order by attname collate "C") as columns
      from pg_attribute
     where attrelid = to_regclass('user_revenue_history') and attnum > 0 and not attisdropped`)) as {
    columns: string | null;
  }[];
  const columns = found?.columns ?? null;
  if (columns === COLUMNS) await runner.query('drop table "user_revenue_history"');
  else if (columns !== null) {
    throw new ForeignUserHistoryError(
      `user_revenue_history was not made by this system: its columns are ${columns}, not ${COLUMNS}; rename it, and start again`,
    );
  }
}
