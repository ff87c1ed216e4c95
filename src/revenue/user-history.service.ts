import { Injectable } from '@nestjs/common';
import { AppConfig } from '../shared/config/app-config.js';
import { Database } from '../shared/database/database.js';
import { isoInstant } from '../shared/iso-instant.js';
import { askTable } from './ask-table.js';
import { bucketsOf, endOfDay, hoursRolledUp, type RevenueBucket } from './history-buckets.js';
import { BUCKET_MS, type Bucket, type HistoryRange } from './history-range.js';
import {
  requireKnown,
  USER_HISTORY_KNOWN,
  userHistoryOff,
  type KnownRow,
} from './known-user-history.js';

export interface UserRevenueOverTime {
  readonly userId: string;
  readonly bucket: Bucket;
  /** ISO 8601, like `to`, which is exclusive: what was asked for, widened to whole buckets. */
  readonly from: string;
  readonly to: string;
  /** All of them, in order. */
  readonly buckets: readonly RevenueBucket[];
  /** ISO 8601: the end of the last day whose hours were rolled up, of this user; null when there is none. */
  readonly rolledUpBefore: string | null;
  /** ISO 8601: from when on it is known of all users; null: from the beginning. */
  readonly knownFrom: string | null;
}

export interface UserRevenueAt {
  readonly userId: string;
  /** An exact decimal without trailing zeros: what the events before `exactAt` add up to. */
  readonly revenue: string;
  /** ISO 8601: what was asked for. */
  readonly at: string;
  /** ISO 8601: the start of the hour, or of the day that was rolled up, in which that is. */
  readonly exactAt: string;
}

/** What somebody asks for. */
export interface AskedUserRange {
  readonly userId: string;
  readonly range: HistoryRange;
  /** Else the range begins no earlier than what is known. */
  readonly isFromGiven: boolean;
}

interface BucketRow extends KnownRow {
  readonly is_user: boolean;
  readonly last_day: string | null;
  /** Buckets since 1970; null in the only row when the range has nothing. */
  readonly nth: string | null;
  readonly revenue: string;
  readonly rolled_up: boolean;
}

interface BalanceRow extends KnownRow {
  readonly exact_at: string;
  /** Null of a user who is unknown. */
  readonly revenue: string | null;
}

/** Like that of all users: in one statement, in which state, balance and history are those of one moment. */
const READ = `select known.*, last.day as last_day, sums.nth, sums.revenue, sums.rolled_up,
       exists (select from users_revenue where user_id = $1) as is_user
  from (${USER_HISTORY_KNOWN}) as known
  cross join (select extract(epoch from max(start))::bigint as day
                from user_revenue_history where user_id = $1 and bucket = 'day') as last
  left join (
    select floor(extract(epoch from start) / $2)::bigint as nth,
           trim_scale(sum(revenue))::text as revenue, bool_or(bucket = 'day') as rolled_up
      from user_revenue_history
     where user_id = $1 and start < to_timestamp($5::float8)
       and (bucket = 'hour' and start >= to_timestamp($3::float8)
         or bucket = 'day' and start >= to_timestamp($4::float8))
     group by nth) as sums on true`;

/**
 * The balance less what came since: so it is known from the first hour on that the history has, and the past before
 * that need not be. In a day that was rolled up, the instant is the day's start.
 */
const READ_AT = `select known.*, extract(epoch from exact.at)::bigint as exact_at,
       trim_scale(balance.revenue - coalesce((
         select sum(revenue) from user_revenue_history where user_id = $1 and start >= exact.at), 0))::text as revenue
  from (${USER_HISTORY_KNOWN}) as known
  cross join (
    select case when exists (select from user_revenue_history
                              where user_id = $1 and bucket = 'day' and start = to_timestamp($3::float8))
                then to_timestamp($3::float8) else to_timestamp($2::float8) end as at) as exact
  left join users_revenue as balance on user_id = $1`;

const TABLE = 'user_revenue_history';

/** Reads revenue over time of one user, where it is kept. */
@Injectable()
export class UserHistoryService {
  constructor(
    private readonly database: Database,
    private readonly config: AppConfig,
  ) {}

  /**
   * Null for a user of whom nothing was loaded.
   * @throws Problem 400 for hours that were rolled up; 409 while it is not kept, or where it is not known; 503 while
   * there is no database, or no table.
   */
  async read({ userId, range, isFromGiven }: AskedUserRange): Promise<UserRevenueOverTime | null> {
    this.requireOn();
    if (!canBeStored(userId)) return null;
    const { bucket, from, to } = range;
    const step = BUCKET_MS[bucket];
    const times = [step, from, Math.floor(from / BUCKET_MS.day) * BUCKET_MS.day, to];
    const rows = await askTable<BucketRow>(this.database, {
      ...{ table: TABLE, sql: READ },
      parameters: [userId, ...times.map((ms) => ms / 1_000)],
    });
    const [row] = rows;
    if (row?.is_user !== true) return null;
    const known = requireKnown(row, isFromGiven ? from : to - step);
    const begin = Math.max(from, Math.ceil(known / step) * step);
    const rolledUpBefore = endOfDay(row.last_day);
    const rolledUp = rows.some(
      ({ nth, rolled_up: isDay }) => isDay && Number(nth) * step + BUCKET_MS.day > begin,
    );
    if (bucket === 'hour' && rolledUpBefore !== null && rolledUp) {
      throw hoursRolledUp(rolledUpBefore);
    }
    const sums = new Map(rows.map(({ nth, revenue }) => [Number(nth ?? NaN), revenue]));
    return {
      ...{ userId, bucket, from: isoInstant(begin), to: isoInstant(to) },
      buckets: bucketsOf({ bucket, from: begin, to }, sums),
      ...{ rolledUpBefore, knownFrom: known === -Infinity ? null : isoInstant(known) },
    };
  }

  /** The balance as it was. @throws as `read` does. @param at in milliseconds since 1970, and not in the future */
  async readAt(userId: string, at: number): Promise<UserRevenueAt | null> {
    this.requireOn();
    if (!canBeStored(userId)) return null;
    const times = [BUCKET_MS.hour, BUCKET_MS.day].map((step) => Math.floor(at / step) * step);
    const [row] = await askTable<BalanceRow>(this.database, {
      ...{ table: TABLE, sql: READ_AT },
      parameters: [userId, ...times.map((ms) => ms / 1_000)],
    });
    if (row === undefined || row.revenue === null) return null;
    const exactAt = Number(row.exact_at) * 1_000;
    requireKnown(row, exactAt);
    return { userId, revenue: row.revenue, at: isoInstant(at), exactAt: isoInstant(exactAt) };
  }

  private requireOn(): void {
    if (!this.config.userHistory) throw userHistoryOff();
  }
}

/** NUL cannot be stored, so nobody has it; PostgreSQL would answer with an error. */
const canBeStored = (userId: string): boolean => !userId.includes('\0') && userId.isWellFormed();
