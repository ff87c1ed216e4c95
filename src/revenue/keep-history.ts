import type { EntityManager } from 'typeorm';
import { loseUserHistory } from './user-history-state.js';

/** What is to be added to hours, as two arrays in PostgreSQL's binary format. */
export interface HourPage {
  readonly hours: number;
  /** text[]: hours since 1970, in the order of their bytes. */
  readonly numbers: Buffer;
  /** numeric[]: signed amounts, in the same order. */
  readonly deltas: Buffer;
}

const ADD = `insert into revenue_history as h (bucket, start, revenue)
  select 'hour', to_timestamp(hour::bigint * 3600), delta
    from unnest($1::text[], $2::numeric[]) as d(hour, delta)
  on conflict (bucket, start) do update set revenue = h.revenue + excluded.revenue`;

/**
 * Adds to revenue over time, inside the transaction of `manager`. Two loads of the same hour wait for each other here,
 * as the last thing that they do to sums; in one order, so that they do not deadlock.
 */
export async function addToHours(
  manager: EntityManager,
  { numbers, deltas }: HourPage,
): Promise<void> {
  await manager.query(ADD, [numbers, deltas]);
}

const ROLL_UP = `with rolled_up as (
    delete from revenue_history where bucket = 'hour' and start < $1 returning start, revenue)
  insert into revenue_history as h (bucket, start, revenue)
  select 'day', date_trunc('day', start, 'UTC') as day, sum(revenue) from rolled_up
   group by day order by day
  on conflict (bucket, start) do update set revenue = h.revenue + excluded.revenue`;

/** Makes days of the hours before the start of a day, UTC, inside the transaction of `manager`. */
export async function rollUpHours(manager: EntityManager, before: Date): Promise<void> {
  await manager.query(ROLL_UP, [before]);
}

/**
 * For a load of a log from its start, inside its transaction: the tables were reset, and what is left of revenue over
 * time is of before. Unless other logs are loaded, whose revenue nobody can tell from it.
 */
export async function forgetHistory(manager: EntityManager, logId: string): Promise<void> {
  for (const table of ['revenue_history', 'user_revenue_history', 'user_history_state']) {
    await manager.query(
      `delete from ${table} where not exists (select from load_checkpoint where log_id <> $1)`,
      [logId],
    );
  }
  // What it holds of this log is nothing that this load adds to.
  await loseUserHistory(manager, logId);
}
