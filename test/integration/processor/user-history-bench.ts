import { storedRecords } from '../../support/stored-records.js';
import { decimalOf } from '../../support/reference-fold.js';
import type { LoadHarness } from './load-harness.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** `abc hour 2026-01-31T08:00:00.000Z` and its revenue. */
export type UserSums = Record<string, string>;

/** Bounds of a load that keeps revenue by user. */
export const BY_HOUR = { usersMax: 100_000, readMsMax: 60_000, byHour: true };

/** The table as it is. */
export async function userRows(harness: LoadHarness): Promise<UserSums> {
  const rows: { user_id: string; bucket: string; start: Date; revenue: string }[] =
    await harness.dataSource.query(
      `select user_id, bucket, start, trim_scale(revenue)::text as revenue from user_revenue_history`,
    );
  return Object.fromEntries(
    rows.map(({ user_id: userId, bucket, start, revenue }) => [
      `${userId} ${bucket} ${start.toISOString()}`,
      revenue,
    ]),
  );
}

/**
 * What the table must be: from the text of the records, in whole millionths.
 * @param dayBefore hours before this instant are parts of their days
 */
export async function sumRecords(
  harness: LoadHarness,
  { names = ['data'], dayBefore = 0, from = 0 } = {},
): Promise<UserSums> {
  const sums = new Map<string, bigint>();
  for (const name of names) {
    for (const { timestamp, userId, name: kind, value } of await storedRecords({
      dataDir: harness.dataDir(name),
    })) {
      const at = timestamp as number;
      if (at < from) continue;
      const [bucket, step] = at < dayBefore ? ['day', DAY_MS] : ['hour', HOUR_MS];
      const start = new Date(Math.floor(at / step) * step).toISOString();
      const key = `${userId as string} ${bucket} ${start}`;
      const [whole = '', fraction = ''] = String(value).split('.');
      const micros = BigInt(whole + fraction.padEnd(6, '0'));
      sums.set(key, (sums.get(key) ?? 0n) + (kind === 'add_revenue' ? micros : -micros));
    }
  }
  return Object.fromEntries(Array.from(sums, ([key, sum]) => [key, decimalOf(sum)]));
}

/** From when on the history of users has all, by log; `null` for one that was loaded without since. */
export async function knownFrom(harness: LoadHarness): Promise<(string | null)[]> {
  const rows: { known: string | null }[] = await harness.dataSource.query(
    `select case when s."offset" = c."offset" then
              case when known_from = '-infinity' then 'always'
                   else to_char(known_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') end end as known
       from load_checkpoint c left join user_history_state s using (log_id) order by known`,
  );
  return rows.map(({ known }) => known);
}
