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

/** A part of the rows that are gone through, in their order, to make days of hours. */
export interface RollUpPortion {
  /** Where the one before ended; undefined: it is the first one. */
  readonly after?: UserHistoryPlace | undefined;
  /** So many rows are gone through; 50,000 take some 0.2 s, where half of them are made days. */
  readonly rowsMax?: number | undefined;
}

export interface RolledUpPortion {
  /** That were gone through, days among them. */
  readonly rows: number;
  /** Where the next portion begins; null: this was the last one. */
  readonly next: UserHistoryPlace | null;
}

const BEFORE_ALL: UserHistoryPlace = { userId: '', bucket: '', start: '-infinity' };
const ROLL_UP_ROWS_MAX = 50_000;

/** Rows are found by their place on the disk: joined to, the planner would read the whole table for each portion. */
const ROLL_UP = `with portion as materialized (
    select ctid as place, user_id, bucket, start from user_revenue_history
     where (user_id, bucket, start) > ($2, $3, $4::timestamptz)
     order by user_id, bucket, start limit $5),
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
 */
export async function rollUpUserHours(
  manager: EntityManager,
  before: Date,
  { after = BEFORE_ALL, rowsMax = ROLL_UP_ROWS_MAX }: RollUpPortion = {},
): Promise<RolledUpPortion> {
  const parameters = [before, after.userId, after.bucket, after.start, rowsMax];
  const [last]: (UserHistoryPlace & { rows: number })[] = await manager.query(ROLL_UP, parameters);
  const rows = last?.rows ?? 0;
  return { rows, next: last === undefined || rows < rowsMax ? null : last };
}

/** How many rows the table has, as the planner estimates it: counting them would take as long as going through them. */
export async function estimateUserHours(manager: EntityManager): Promise<number> {
  const rows: { 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }[] = await manager.query(
    'explain (format json) select from user_revenue_history',
  );
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}
