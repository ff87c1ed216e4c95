import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { UserHistoryUpkeep } from '../../../src/processor/user-history-upkeep.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness } from './load-harness.js';
import { BY_HOUR } from './user-history-bench.js';

const USERS = 25;
const HOURS = 48;
const ROWS = USERS * HOURS;
/** In the order of the users, the last one. */
const LAST = 'user-9';
const FIRST_DAY = Date.parse('2025-11-21T00:00:00Z');
const DAY_MS = 24 * 3_600_000;

const INSERT = `insert into user_revenue_history
  select 'user-' || u, 'hour', timestamptz '2025-11-21T00:00:00Z' + h * interval '1 hour', u + h / 10.0
    from generate_series(1, ${USERS}) as u, generate_series(0, ${HOURS} - 1) as h`;

/** What all old days of all users are. */
const DAYS = `select user_id, date_trunc('day', start, 'UTC') as day, trim_scale(sum(revenue))::text as sum
  from user_revenue_history where start < '2025-12-01' group by user_id, day order by user_id, day`;

describe('old hours of users', () => {
  let harness: LoadHarness;
  let log: StagingLog;
  let days: unknown;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog();
    await append(log, ['zz', 5]);
    await harness.processor(log, { bounds: BY_HOUR }).runOnce();
    await harness.dataSource.query(INSERT);
    days = await harness.dataSource.query(DAYS);
  });
  afterAll(() => harness.remove());

  /** How many there are still. */
  async function oldHours(also = ''): Promise<number> {
    const [row]: { hours: number }[] = await harness.dataSource.query(
      `select count(*)::int as hours from user_revenue_history
        where bucket = 'hour' and start < '2025-12-01' ${also}`,
    );
    return row!.hours;
  }

  const expectSameDays = async (): Promise<void> => {
    expect(await harness.dataSource.query(DAYS)).toEqual(days);
  };

  /** By default a run that never looks at its watch. */
  const processor = (
    rowsMax: number,
    more: Parameters<LoadHarness['processor']>[1] = {},
    msMax = Infinity,
  ) =>
    harness.processor(log, {
      bounds: BY_HOUR,
      historyHoursMax: 24,
      rollUp: { rowsMax, msMax },
      ...more,
    });

  test('become days in portions, and sums stay the same whatever is loaded between two', async () => {
    const one = processor(500);
    expect(await one.rollUpUsers()).toEqual({ rows: 500, isOver: false });
    expect(await oldHours()).toBe(ROWS - 500);
    await expectSameDays();
    await append(log, ['zz', 7]);
    await harness.processor(log, { bounds: BY_HOUR, historyHoursMax: 1_000_000 }).runOnce();
    expect(await one.rollUpUsers()).toEqual({ rows: 500, isOver: false });
    expect(await oldHours()).toBe(ROWS - 1_000);
    expect(await one.rollUpUsers()).toMatchObject({ isOver: true });
    expect(await one.rollUpUsers()).toEqual({ rows: 0, isOver: true });
    expect(await oldHours()).toBe(0);
    await expectSameDays();
    expect(await harness.balances()).toEqual({ zz: '12' });
  });

  test('become days with one run, portion after portion, while there is time', async () => {
    await processor(20).runOnce();
    expect(await oldHours()).toBe(0);
    await expectSameDays();
  });

  test('become days a portion a run when there is no time for more', async () => {
    const busy = processor(500, {}, 0);
    for (const left of [ROWS - 500, ROWS - 1_000, 0, 0]) {
      await busy.runOnce();
      expect(await oldHours()).toBe(left);
    }
  });

  test('hold up no event that came meanwhile for longer than a portion', async () => {
    const refresh = () => append(log, ['zz', 1]);
    await processor(20, { refresh }).runOnce();
    expect(await oldHours()).toBe(ROWS - 20);
  });

  test('become days faster than that where runs are far apart anyway', async () => {
    const seldom = processor(20, { refresh: () => append(log, ['zz', 1]) });
    // Portion by portion it would take 50 runs.
    for (let run = 0; run < 25 && (await oldHours()) > ROWS - 1_000; run++) {
      await seldom.runOnce();
      await sleep(1_000);
    }
    expect(await oldHours()).toBeLessThanOrEqual(ROWS - 1_000);
  });

  test('are left when the process stops, behind the portion under way', async () => {
    const stop = new AbortController();
    const other = harness.dataSource.createQueryRunner();
    await other.startTransaction();
    try {
      await other.query(
        `select from user_revenue_history where user_id = 'user-1'
            and start = '2025-11-22T00:00:00Z' for update`,
      );
      const run = processor(20, { stop: stop.signal }).runOnce();
      await harness.untilBlocked(1); // the second portion
      stop.abort();
      await other.rollbackTransaction();
      expect(await run).toEqual({ kind: 'caught-up' });
    } finally {
      await other.release();
    }
    expect(await oldHours()).toBe(ROWS - 40);
  });

  describe('of more days while a pass is under way', () => {
    let upkeep: UserHistoryUpkeep;
    beforeEach(() => {
      upkeep = new UserHistoryUpkeep(harness.dataSource, log.identity, 100);
    });
    const FIRST_HOUR = `and start = '2025-11-21T00:00:00Z'`;

    test('become days up to the last user, however often there is another one', async () => {
      for (let portion = 0; portion < ROWS / 100 + 1; portion++) {
        expect(await upkeep.rollUp(FIRST_DAY + 1 + portion)).toMatchObject({ isOver: false });
      }
      expect(await oldHours(FIRST_HOUR)).toBe(0);
    });

    test('become days by one more pass, where the first one was through already', async () => {
      await upkeep.rollUp(FIRST_DAY + DAY_MS);
      const after = FIRST_DAY + 2 * DAY_MS;
      const portions: boolean[] = [];
      do portions.push((await upkeep.rollUp(after)).isOver);
      while ((await oldHours(`and user_id = '${LAST}'`)) > 0);
      expect(await oldHours()).toBe(2 * 24); // the second day of the first two users
      while (portions.at(-1) === false) portions.push((await upkeep.rollUp(after)).isOver);
      expect(await oldHours()).toBe(0);
      await expectSameDays();
      expect(await upkeep.rollUp(after)).toEqual({ rows: 0, isOver: true });
      expect(await upkeep.rollUp(FIRST_DAY)).toEqual({ rows: 0, isOver: true });
    });
  });
});
