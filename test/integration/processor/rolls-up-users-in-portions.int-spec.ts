import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { append, LoadHarness } from './load-harness.js';

const USERS = 2_500;
const HOURS = 48;
/** What all days of all users are, but today's, in a word: who looks at 5,000 of them? */
const DAYS = `select md5(string_agg(user_id || ' ' || day || ' ' || trim_scale(sum), ',' order by user_id, day))
  from (select user_id, date_trunc('day', start, 'UTC') as day, sum(revenue) from user_revenue_history
         where start < '2025-12-01' group by user_id, day) as days`;

const ROWS = `insert into user_revenue_history
  select 'user-' || u, 'hour', timestamptz '2025-11-21T00:00:00Z' + h * interval '1 hour', u + h / 10.0
    from generate_series(1, ${USERS}) as u, generate_series(0, ${HOURS} - 1) as h`;

/** 120,000 rows: more than two portions. */
describe('old hours of many users', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  const hours = async (): Promise<number> => {
    const [row]: { hours: number }[] = await harness.dataSource.query(
      `select count(*)::int as hours from user_revenue_history where bucket = 'hour'`,
    );
    return row!.hours;
  };

  test('become days in portions, one with each run that has caught up, and sums stay the same', async () => {
    const log = await harness.openLog();
    const bounds = { usersMax: 1_000, readMsMax: 1_000, byHour: true };
    const options = { bounds, historyHoursMax: 24 };
    await append(log, ['zz', 5]);
    await harness.processor(log, options).runOnce();
    await harness.dataSource.query(ROWS);
    const days: unknown = await harness.dataSource.query(DAYS);
    const processor = harness.processor(log, options);
    await processor.runOnce();
    expect(await hours()).toBe(1 + USERS * HOURS - 50_000);
    expect(await harness.dataSource.query(DAYS)).toEqual(days);
    expect(await processor.rollUpUsers()).toBe(true);
    expect(await harness.dataSource.query(DAYS)).toEqual(days);
    await append(log, ['zz', 7]); // a load between two portions
    await processor.runOnce();
    expect(await hours()).toBe(1);
    expect(await processor.rollUpUsers()).toBe(false);
    expect(await harness.dataSource.query(DAYS)).toEqual(days);
    expect(await harness.balances()).toEqual({ zz: '12' });
  });
});
