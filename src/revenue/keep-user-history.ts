import type { EntityManager } from 'typeorm';

/** What is to be added to hours of users, as arrays of the same length in PostgreSQL's binary format. */
export interface UserHourPage {
  /** text[], in the order of their bytes; of one user, hours are in order. */
  readonly userIds: Buffer;
  /** timestamptz[]: the starts of hours. */
  readonly starts: Buffer;
  /** numeric[]: signed amounts. */
  readonly deltas: Buffer;
}

const ADD = `insert into user_revenue_history as h (user_id, bucket, start, revenue)
  select user_id, 'hour', start, delta
    from unnest($1::text[], $2::timestamptz[], $3::numeric[]) as d(user_id, start, delta)
  on conflict (user_id, bucket, start) do update set revenue = h.revenue + excluded.revenue`;

/**
 * Adds to revenue over time by user, inside the transaction of `manager`. To be called behind the balances of these users:
 * whoever adds to an hour of a user holds that user's balance, so nobody else waits for it here.
 */
export async function addToUserHours(
  manager: EntityManager,
  { userIds, starts, deltas }: UserHourPage,
): Promise<void> {
  await manager.query(ADD, [userIds, starts, deltas]);
}

const ROLL_UP = `with rolled_up as (
    delete from user_revenue_history where bucket = 'hour' and start < $1
    returning user_id, start, revenue)
  insert into user_revenue_history as h (user_id, bucket, start, revenue)
  select user_id, 'day', date_trunc('day', start, 'UTC') as day, sum(revenue) from rolled_up
   group by user_id, day order by user_id, day
  on conflict (user_id, bucket, start) do update set revenue = h.revenue + excluded.revenue`;

/** Makes days of the hours of users before the start of a day, UTC, inside the transaction of `manager`. */
export async function rollUpUserHours(manager: EntityManager, before: Date): Promise<void> {
  await manager.query(ROLL_UP, [before]);
}
