import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rollUpHours } from '../../../src/revenue/revenue.port.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { LoadHarness } from '../processor/load-harness.js';
import {
  historyRows,
  historyWriters,
  HOURS_FOR_EVER,
  recordAt,
  RECORDS,
  ROWS,
} from './history-harness.js';
import { ShareHarness } from './share-harness.js';

/** Of what was rolled up: the first day, which has a late hour. */
const ROLLED_UP = {
  'day 2025-11-21T00:00:00.000Z': '1.3',
  'hour 2025-11-21T05:00:00.000Z': '0.4',
};

describe('rebuild puts revenue over time right', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await harness.openLogWith(RECORDS.join(''));
    await load();
  });
  afterAll(() => harness.remove());

  const query = (sql: string): Promise<unknown> => harness.dataSource.query(sql);
  const load = (historyHoursMax = HOURS_FOR_EVER): Promise<unknown> =>
    harness.processor(log, { historyHoursMax }).runOnce();
  const rows = (): Promise<Record<string, string>> => historyRows(harness.dataSource);
  const without = (...keys: string[]): Record<string, string> =>
    Object.fromEntries(Object.entries(ROWS).filter(([key]) => !keys.includes(key)));

  async function loadOn(...records: string[]): Promise<void> {
    await log.close();
    log = await harness.openLogWith(records.join(''));
    await load();
  }

  /** So many rows, and no other, of balances neither; and all is exact then. */
  async function expectRebuilt(historyRows: number): Promise<void> {
    const balances = await harness.balances();
    const [before, differing] = [await historyWriters(harness.dataSource), new Set<string>()];
    expect(await shares.rebuild(log)).toMatchObject({
      ...{ kind: 'rebuilt', historyRows, inserted: 0, updated: 0, deleted: 0 },
    });
    const after = await historyWriters(harness.dataSource);
    for (const [key, writer] of [...before, ...after]) {
      if (before.get(key) !== writer || after.get(key) !== writer) differing.add(key);
    }
    expect(differing.size).toBe(historyRows);
    expect(await harness.balances()).toEqual(balances);
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', historyDifferencesTotal: 0 });
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'exact', historyRows: 0 });
    expect(await historyWriters(harness.dataSource)).toEqual(after);
  }

  test('and writes nothing where it is exact', async () => {
    const before = await historyWriters(harness.dataSource);
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'exact', hours: 5, historyRows: 0 });
    expect(await historyWriters(harness.dataSource)).toEqual(before);
  });

  test.each([
    ['one hour', `update revenue_history set revenue = 'NaN' where start = '2025-11-21 22:00Z'`, 1],
    [
      'wrong, missing and invented ones, days and what begins anywhere',
      `update revenue_history set revenue = revenue + 0.0000001 where start = '2025-11-22 00:00Z';
       delete from revenue_history where start = '2025-11-23 07:00Z';
       insert into revenue_history values ('hour', '2025-11-21 21:00Z', 1), ('day', '2000-01-01Z', -1),
         ('hour', '2025-11-21 23:30Z', 1), ('day', '2025-11-21 23:30Z', 1), ('hour', 'infinity', 1)`,
      7,
    ],
    ['all sums by as much', 'update revenue_history set revenue = revenue + 1', 5],
  ])('of %s', async (_what, sql, changed) => {
    await query(sql);
    await expectRebuilt(changed);
    expect(await rows()).toEqual(ROWS);
  });

  test('that was emptied, but for hours whose events cancelled out', async () => {
    await query('truncate revenue_history');
    await expectRebuilt(4);
    expect(await rows()).toEqual(without('hour 2025-11-22T08:00:00.000Z'));
    await loadOn(recordAt('2025-11-22T08:59:59.999Z', 1));
    expect(await rows()).toEqual({ ...ROWS, 'hour 2025-11-22T08:00:00.000Z': '1' });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
  });

  test('and makes what a load makes days of', async () => {
    await query('truncate revenue_history');
    await expectRebuilt(4);
    await log.close();
    log = await harness.openLogWith(recordAt('2025-11-23T07:00:00Z', 0.5));
    await load(24);
    expect(await rows()).toEqual({
      'day 2025-11-21T00:00:00.000Z': '1.3',
      'day 2025-11-22T00:00:00.000Z': ROWS['hour 2025-11-22T00:00:00.000Z'],
      'day 2025-11-23T00:00:00.000Z': '-7',
    });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
  });

  describe('and leaves rolled up what was rolled up', () => {
    beforeEach(async () => {
      await rollUpHours(harness.dataSource.manager, new Date('2025-11-22T00:00:00Z'));
      await loadOn(recordAt('2025-11-21T05:00:00Z', 0.4));
      expect(await rows()).toMatchObject(ROLLED_UP);
    });
    const OTHERS = without('hour 2025-11-21T22:00:00.000Z', 'hour 2025-11-21T23:00:00.000Z');

    test('with its late hours, where its total is right', async () => {
      await query(`update revenue_history set revenue = 99 where start = '2025-11-22 00:00Z'`);
      await expectRebuilt(1);
      expect(await rows()).toEqual({ ...OTHERS, ...ROLLED_UP });
    });

    test.each([
      [
        'whose own row is wrong',
        `update revenue_history set revenue = 1.4 where bucket = 'day'`,
        2,
      ],
      [
        'of which a late hour is wrong',
        `update revenue_history set revenue = 'NaN' where start = '2025-11-21 05:00Z'`,
        2,
      ],
      [
        'of which a late hour is missing',
        `delete from revenue_history where start = '2025-11-21 05:00Z'`,
        1,
      ],
      [
        'with hours beside that were counted twice',
        `update revenue_history set revenue = 1.7 where bucket = 'day'`,
        1,
      ],
      [
        'with hours that the log does not know',
        `insert into revenue_history values ('hour', '2025-11-21 06:00Z', 1), ('hour', '2025-11-21 07:00Z', 0)`,
        4,
      ],
    ])('as one row, a day %s', async (_what, sql, changed) => {
      await query(sql);
      await expectRebuilt(changed);
      expect(await rows()).toEqual({ ...OTHERS, 'day 2025-11-21T00:00:00.000Z': '1.7' });
    });

    test('but a day that the log does not know goes, with its hours', async () => {
      await query(`insert into revenue_history values
        ('day', '2025-11-20Z', 1), ('hour', '2025-11-20 23:00Z', 0), ('hour', '2025-11-20 22:00Z', 2)`);
      await expectRebuilt(3);
      expect(await rows()).toEqual({ ...OTHERS, ...ROLLED_UP });
    });
  });

  test('or nothing of it, when it fails in the end', async () => {
    await query('update revenue_history set revenue = revenue + 1');
    await query(`update users_revenue set revenue = revenue + 1`);
    const before = [await rows(), await harness.balances()];
    await query(`alter table revenue_history add constraint refuse check (revenue <> -7.5)`);
    await expect(shares.rebuild(log)).rejects.toThrow('"refuse"');
    expect([await rows(), await harness.balances()]).toEqual(before);
    await query('alter table revenue_history drop constraint refuse');
    expect(await shares.rebuild(log)).toMatchObject({
      kind: 'rebuilt',
      historyRows: 5,
      updated: 2,
    });
    expect(await rows()).toEqual(ROWS);
  });
});
