import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CreateRevenueHistory1763800000006 } from '../../../migrations/1763800000006-create-revenue-history.js';
import { rollUpHours } from '../../../src/revenue/revenue.port.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { MIGRATIONS } from '../../../src/shared/database/migrations.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { LoadHarness } from '../processor/load-harness.js';
import { historyRows, HOURS_FOR_EVER, recordAt, RECORDS, ROWS } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

describe('rebuild fills in revenue over time', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await harness.openLogWith(RECORDS.join(''));
    await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
  });
  afterAll(() => harness.remove());

  test('of a database that was loaded before it had the table, and loads have added to', async () => {
    const made = MIGRATIONS.indexOf(CreateRevenueHistory1763800000006);
    for (let left = MIGRATIONS.length; left > made; left--) {
      await harness.dataSource.undoLastMigration();
    }
    await runPendingMigrations(harness.dataSource);
    await log.close();
    log = await harness.openLogWith(recordAt('2025-11-22T00:30:00Z', 1.5));
    await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
    const balances = await harness.balances();
    expect(await shares.verify(log)).toMatchObject({
      ...{ kind: 'drift', differencesTotal: 0, historyDifferencesTotal: 4 },
    });
    expect(await shares.rebuild(log)).toMatchObject({
      kind: 'rebuilt',
      historyRows: 4,
      updated: 0,
    });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
    const { 'hour 2025-11-22T08:00:00.000Z': zero, ...others } = ROWS; // a missing 0 is no drift
    expect(zero).toBe('0');
    expect(await historyRows(harness.dataSource)).toEqual({
      ...others,
      'hour 2025-11-22T00:00:00.000Z': '19999999999999981.500001',
    });
    expect(await harness.balances()).toEqual(balances);
  });

  test('by hour of days that a clock which ran ahead rolled up, once their rows are deleted', async () => {
    const { dataSource } = harness;
    await dataSource.transaction((manager) => rollUpHours(manager, new Date('2031-01-01')));
    expect(Object.keys(await historyRows(dataSource))).toHaveLength(3);
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
    await dataSource.query(
      `delete from revenue_history where bucket = 'day' and start >= '2025-11-22T00:00:00Z'`,
    );
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'rebuilt' });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
    expect(await historyRows(dataSource)).toEqual({
      'day 2025-11-21T00:00:00.000Z': '1.3',
      'hour 2025-11-22T00:00:00.000Z': ROWS['hour 2025-11-22T00:00:00.000Z'],
      'hour 2025-11-23T07:00:00.000Z': ROWS['hour 2025-11-23T07:00:00.000Z'],
    });
  });
});
