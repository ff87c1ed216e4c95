import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rollUpHours } from '../../../src/revenue/revenue.port.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { LoadHarness } from '../processor/load-harness.js';
import {
  day,
  historyRows,
  hour,
  HOURS_FOR_EVER,
  recordAt,
  RECORDS,
  ROWS,
} from './history-harness.js';
import { ShareHarness } from './share-harness.js';

describe('verify compares days that were rolled up', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await harness.openLogWith(RECORDS.join(''));
    await load();
    await rollUp('2025-11-22T00:00:00Z');
    expect(await historyRows(harness.dataSource)).toMatchObject({
      'day 2025-11-21T00:00:00.000Z': '1.3',
      'hour 2025-11-22T00:00:00.000Z': ROWS['hour 2025-11-22T00:00:00.000Z'],
    });
  });
  afterAll(() => harness.remove());

  const query = (sql: string): Promise<unknown> => harness.dataSource.query(sql);
  const load = (): Promise<unknown> =>
    harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
  const rollUp = (before: string): Promise<void> =>
    rollUpHours(harness.dataSource.manager, new Date(before));

  /** Loads records that come after. */
  async function loadOn(...records: string[]): Promise<void> {
    await log.close();
    log = await harness.openLogWith(records.join(''));
    await load();
  }

  const EXACT = { kind: 'exact', hours: 5, historyDifferences: [], historyDifferencesTotal: 0 };

  /** Nothing but these differs. */
  async function expectDrift(...differences: object[]): Promise<void> {
    expect(await shares.verify(log)).toMatchObject({
      ...{ kind: 'drift', differencesTotal: 0, events: { inLog: 27, inTable: 27 } },
      ...{ historyDifferences: differences, historyDifferencesTotal: differences.length },
    });
  }

  test('and finds it exact', async () => {
    expect(await shares.verify(log)).toMatchObject(EXACT);
    await rollUp('2025-11-24T00:00:00Z');
    expect(await shares.verify(log)).toMatchObject(EXACT);
    expect(Object.keys(await historyRows(harness.dataSource))).toHaveLength(3);
  });

  test('with events that came late, before and after the next roll-up', async () => {
    await loadOn(
      recordAt('2025-11-21T05:00:00Z', 0.4),
      recordAt('2025-11-21T23:59:59.999Z', 0.3),
      recordAt('2025-11-20T23:59:59.999Z', 3),
    );
    expect(await historyRows(harness.dataSource)).toMatchObject({
      'day 2025-11-21T00:00:00.000Z': '1.3',
      'hour 2025-11-20T23:00:00.000Z': '3',
      'hour 2025-11-21T05:00:00.000Z': '0.4',
      'hour 2025-11-21T23:00:00.000Z': '0.3',
    });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', hours: 7 });
    await query(`update revenue_history set revenue = 0.5 where start = '2025-11-21 05:00Z'`);
    await query(`update revenue_history set revenue = 4 where start = '2025-11-20 23:00Z'`);
    const late = [
      hour('2025-11-20T23:00:00.000Z', '3', '4'),
      day('2025-11-21T00:00:00.000Z', '2', '2.1'),
    ];
    expect(await shares.verify(log)).toMatchObject({ kind: 'drift', historyDifferences: late });
    await query(`update revenue_history set revenue = revenue - 0.1 where start = '2025-11-21Z'`);
    await query(`update revenue_history set revenue = 3 where start = '2025-11-20 23:00Z'`);
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', hours: 7 });
    await rollUp('2025-11-22T00:00:00Z');
    expect(await historyRows(harness.dataSource)).toMatchObject({
      'day 2025-11-20T00:00:00.000Z': '3',
      'day 2025-11-21T00:00:00.000Z': '2',
    });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', hours: 7 });
  });

  test.each<[string, string, object[]]>([
    [
      'a day that was changed',
      `update revenue_history set revenue = 1.300001 where bucket = 'day'`,
      [day('2025-11-21T00:00:00.000Z', '1.3', '1.300001')],
    ],
    [
      'a day that is missing, by its hours',
      `delete from revenue_history where bucket = 'day'`,
      [
        hour('2025-11-21T22:00:00.000Z', '0.1', null),
        hour('2025-11-21T23:00:00.000Z', '1.2', null),
      ],
    ],
    [
      'an hour of it that the log does not know',
      `insert into revenue_history values ('hour', '2025-11-21 03:00Z', 0.7)`,
      [day('2025-11-21T00:00:00.000Z', '1.3', '2')],
    ],
    [
      'an amount that went to the day before',
      `update revenue_history set revenue = 0.3 where bucket = 'day';
         insert into revenue_history values ('day', '2025-11-20Z', 1)`,
      [day('2025-11-20T00:00:00.000Z', null, '1'), day('2025-11-21T00:00:00.000Z', '1.3', '0.3')],
    ],
  ])('finds %s', async (_what, sql, differences) => {
    await query(sql);
    await expectDrift(...differences);
  });
});
