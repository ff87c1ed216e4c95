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
 * whoever adds to an hour of a user holds that user's balance, so no other load waits for it here.
 */
export async function addToUserHours(
  manager: EntityManager,
  { userIds, starts, deltas }: UserHourPage,
): Promise<void> {
  await manager.query(ADD, [userIds, starts, deltas]);
}

/** A row of the table. */
export interface UserHistoryPlace {
  readonly userId: string;
  readonly bucket: string;
  readonly start: string;
}

const BEFORE_ALL: UserHistoryPlace = { userId: '', bucket: '', start: '-infinity' };
/** Some 0.2 s, where half of them are made days. */
const ROLL_UP_ROWS_MAX = 50_000;

/** Rows are found by their place on the disk: joined to, the planner would read the whole table for each portion. */
const ROLL_UP = `with portion as materialized (
    select ctid as place, user_id, bucket, start from user_revenue_history
     where (user_id, bucket, start) > ($2, $3, $4::timestamptz)
     order by user_id, bucket, start limit ${ROLL_UP_ROWS_MAX}),
  rolled_up as (
    delete from user_revenue_history
     where ctid = any (array(select place from portion where bucket = 'hour' and start < $1))
    returning user_id, start, revenue),
  days as (
    insert into user_revenue_history as h (user_id, bucket, start, revenue)
    select user_id, 'day', date_trunc('day', start, 'UTC') as day, sum(revenue) from rolled_up
     group by user_id, day order by user_id, day
    on conflict (user_id, bucket, start) do update set revenue = h.revenue + excluded.revenue)
  select user_id as "userId", bucket, start::text as start, (select count(*)::int from portion) as rows
    from portion order by user_id desc, portion.bucket desc, portion.start desc limit 1`;

/**
 * Makes days of the hours of users before the start of a day, UTC, inside the transaction of `manager`: of a portion of the
 * rows, in their order, however many there are in all.
 * @param after where the portion before ended.
 * @returns where the next one begins; null: this was the last one.
 */
export async function rollUpUserHours(
  manager: EntityManager,
  before: Date,
  after: UserHistoryPlace = BEFORE_ALL,
): Promise<UserHistoryPlace | null> {
  const [last]: (UserHistoryPlace & { rows: number })[] = await manager.query(ROLL_UP, [
    before,
    after.userId,
    after.bucket,
    after.start,
  ]);
  return last === undefined || last.rows < ROLL_UP_ROWS_MAX ? null : last;
}
