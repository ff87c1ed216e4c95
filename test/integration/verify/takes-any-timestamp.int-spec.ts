import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OpenPool } from '../processor/backlog-bench.js';
import { LoadHarness, recordLine } from '../processor/load-harness.js';
import { BY_HOUR } from '../processor/user-history-bench.js';
import { ShareHarness } from './share-harness.js';

/** The first and the last of what a record may have, where the number of digits changes, where years do. */
const TIMESTAMPS = [
  0,
  3_599_999,
  3_600_000,
  999_999_999_999,
  1_000_000_000_000,
  9_999_999_999_999,
  10_000_000_000_000,
  Date.parse('9999-12-31T23:59:59.999Z'),
  8_640_000_000_000_000,
  8_640_000_000_000_001,
  Number.MAX_SAFE_INTEGER,
];
const TIMES = 2_000;

describe('revenue over time of any timestamp', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  test.each([
    ['on the main thread', 1],
    ['in threads', TIMES],
  ])('is exact, folded %s; what differs is told and put right', async (_where, times) => {
    await harness.reset();
    const lines = TIMESTAMPS.map((timestamp, index) => recordLine('abc', index + 0.5, timestamp));
    const log = await harness.openLogWith(lines.join('').repeat(times));
    const pool = new OpenPool(2);
    try {
      await harness.processor(log, { pool, historyHoursMax: 24, bounds: BY_HOUR }).runOnce();
    } finally {
      await pool.close();
    }
    expect(pool.uses > 0).toBe(times > 1);
    const shares = new ShareHarness(harness);
    const hours = new Set(TIMESTAMPS.map((timestamp) => Math.floor(timestamp / 3_600_000))).size;
    // Its first two hours were made a day when the run had caught up.
    const places = hours - 1;
    const exact = { kind: 'exact', hours, userHistory: { from: null, hours: places } };
    const verify = () => shares.verify(log, { userHistory: true });
    expect(await verify()).toMatchObject(exact);
    await harness.dataSource.query('update revenue_history set revenue = revenue + 1');
    await harness.dataSource.query('update user_revenue_history set revenue = revenue + 1');
    const userHistory = {
      ...{ differencesTotal: places },
      differences: expect.arrayContaining([
        expect.objectContaining({ userId: 'abc', from: '+287396-10-12T08:00:00.000Z' }),
      ]),
    };
    expect(await verify()).toMatchObject({ kind: 'drift', differencesTotal: 0, userHistory });
    const rebuilt = { kind: 'rebuilt', updated: 0, userHistoryRows: places };
    expect(await shares.rebuild(log, { userHistory: true })).toMatchObject(rebuilt);
    expect(await verify()).toMatchObject(exact);
  });
});
