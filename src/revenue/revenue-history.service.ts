import { Injectable } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { isoInstant } from '../shared/iso-instant.js';
import { askTable } from './ask-table.js';
import { bucketsOf, endOfDay, hoursRolledUp, type RevenueBucket } from './history-buckets.js';
import { BUCKET_MS, type Bucket, type HistoryRange } from './history-range.js';

export interface RevenueOverTime {
  readonly bucket: Bucket;
  /** ISO 8601, like `to`, which is exclusive: what was asked for, widened to whole buckets. */
  readonly from: string;
  readonly to: string;
  /** All of them, in order. */
  readonly buckets: readonly RevenueBucket[];
  /** ISO 8601: the end of the last day whose hours were rolled up; null when there is none. */
  readonly rolledUpBefore: string | null;
}

interface Row {
  /** Seconds since 1970. */
  readonly last_day: string | null;
  /** Buckets since 1970; null in the only row when the range has nothing. */
  readonly nth: string | null;
  readonly revenue: string;
  readonly rolled_up: boolean;
}

/**
 * In one statement, so that a roll-up is seen as a whole or not at all. Places in time are numbers: no setting of the
 * session, its time zone above all, has a say. A day's sum is its own row and those of its hours, since late events
 * make hours of days that were rolled up.
 */
const READ = `select last.day as last_day, sums.nth, sums.revenue, sums.rolled_up
  from (select extract(epoch from max(start))::bigint as day
          from revenue_history where bucket = 'day') as last
  left join (
    select floor(extract(epoch from start) / $1)::bigint as nth,
           trim_scale(sum(revenue))::text as revenue, bool_or(bucket = 'day') as rolled_up
      from revenue_history
     where bucket = 'hour' and start >= to_timestamp($2::float8) and start < to_timestamp($4::float8)
        or bucket = 'day' and start >= to_timestamp($3::float8) and start < to_timestamp($4::float8)
     group by nth) as sums on true`;

/** Reads revenue over time. */
@Injectable()
export class RevenueHistoryService {
  constructor(private readonly database: Database) {}

  /** @throws Problem 400 for hours that were rolled up; 503 while there is no database, or no table. */
  async read(range: HistoryRange): Promise<RevenueOverTime> {
    const { bucket, from, to } = range;
    const firstDay = Math.floor(from / BUCKET_MS.day) * BUCKET_MS.day;
    const rows = await askTable<Row>(this.database, {
      table: 'revenue_history',
      sql: READ,
      parameters: [BUCKET_MS[bucket], from, firstDay, to].map((ms) => ms / 1_000),
    });
    const rolledUpBefore = endOfDay(rows[0]?.last_day ?? null);
    if (bucket === 'hour' && rolledUpBefore !== null && rows.some((row) => row.rolled_up)) {
      throw hoursRolledUp(rolledUpBefore);
    }
    const sums = new Map(rows.map(({ nth, revenue }) => [Number(nth ?? NaN), revenue]));
    const buckets = bucketsOf(range, sums);
    return { bucket, from: isoInstant(from), to: isoInstant(to), buckets, rolledUpBefore };
  }
}
