import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the order of their bytes. */
const COLUMNS = 'known_from,log_id,offset';

/** A table `user_history_state` that this system did not make. */
class ForeignStateError extends Error {
  readonly code = 'TABLE_FOREIGN';
}

/**
 * What is known of revenue over time by user: of each log, up to which offset it holds the events that are loaded, and
 * from which instant on all of them. A log whose offset is not that of its checkpoint was loaded without it.
 *
 * One of these columns that stands already is made anew: the restore of an older dump leaves it, and what it says is of
 * another time than the balances. `npm run rebuild` fills it again.
 */
export class CreateUserHistoryState1763800000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await removeWhatStands(runner);
    await runner.query(`
      create table "user_history_state" (
        "log_id" uuid not null,
        "offset" bigint not null,
        "known_from" timestamptz not null,
        primary key ("log_id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "user_history_state"');
  }
}

async function removeWhatStands(runner: QueryRunner): Promise<void> {
  const [found] = (await runner.query(`
    select string_agg(attname, ',' order by attname collate "C") as columns
      from pg_attribute
     where attrelid = to_regclass('user_history_state') and attnum > 0 and not attisdropped`)) as {
    columns: string | null;
  }[];
  const columns = found?.columns ?? null;
  if (columns === COLUMNS) await runner.query('drop table "user_history_state"');
  else if (columns !== null) {
    throw new ForeignStateError(
      `user_history_state was not made by this system: its columns are ${columns}, not ${COLUMNS}; rename it, and start again`,
    );
  }
}
