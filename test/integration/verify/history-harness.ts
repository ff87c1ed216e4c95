import type { DataSource } from 'typeorm';

/** Of a load that rolls nothing up. */
export const HOURS_FOR_EVER = 1_000_000;

/** A record as it stands in a segment, of an instant as people write it. */
export function recordAt(
  instant: string,
  value: number,
  { userId = 'abc', name = 'add_revenue' } = {},
): string {
  return `${JSON.stringify({ timestamp: Date.parse(instant), userId, name, value })}\n`;
}

/** Revenue over time as the table has it: `hour 2025-11-22T08:00:00.000Z` and its revenue, in the order of time. */
export async function historyRows(dataSource: DataSource): Promise<Record<string, string>> {
  const rows: { bucket: string; start: Date; revenue: string }[] = await dataSource.query(
    `select bucket, start, trim_scale(revenue)::text as revenue
       from revenue_history order by start, bucket`,
  );
  return Object.fromEntries(
    rows.map(({ bucket, start, revenue }) => [`${bucket} ${start.toISOString()}`, revenue]),
  );
}

/** Of each row: its key and the transaction that wrote it. */
export async function historyWriters(dataSource: DataSource): Promise<Map<string, string>> {
  const rows: { key: string; writer: string }[] = await dataSource.query(
    `select bucket || ' ' || start as key, xmin || ' ' || ctid as writer from revenue_history`,
  );
  return new Map(rows.map(({ key, writer }) => [key, writer]));
}

const BIG = 999_999_999_999_999;
/** Of some hours and days, with the traps of both. */
export const RECORDS = [
  recordAt('2025-11-21T22:59:59.999Z', 0.1),
  recordAt('2025-11-21T23:00:00.000Z', 1, { userId: 'xyz' }),
  recordAt('2025-11-21T23:59:59.999Z', 0.2),
  ...Array.from({ length: 20 }, () => recordAt('2025-11-22T00:00:00.000Z', BIG)),
  recordAt('2025-11-22T00:00:00.001Z', 0.000001, { userId: 'xyz' }),
  recordAt('2025-11-22T08:15:00.000Z', 5),
  recordAt('2025-11-22T08:45:00.000Z', 5, { userId: 'xyz', name: 'subtract_revenue' }),
  recordAt('2025-11-23T07:00:00.000Z', 7.5, { name: 'subtract_revenue' }),
];
/** What a load makes of them, before a day is rolled up. */
export const ROWS = {
  'hour 2025-11-21T22:00:00.000Z': '0.1',
  'hour 2025-11-21T23:00:00.000Z': '1.2',
  'hour 2025-11-22T00:00:00.000Z': '19999999999999980.000001',
  'hour 2025-11-22T08:00:00.000Z': '0',
  'hour 2025-11-23T07:00:00.000Z': '-7.5',
};

/** Differences, as verify tells them. */
export const hour = (from: string, inLog: string | null, inTable: string | null): object => ({
  ...{ bucket: 'hour', from, inLog, inTable },
});
export const day = (from: string, inLog: string | null, inTable: string | null): object => ({
  ...{ bucket: 'day', from, inLog, inTable },
});
