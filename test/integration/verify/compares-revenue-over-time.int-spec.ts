import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { rebuildBalances, verifyBalances } from '../../../src/verify/verify.port.js';
import { LoadHarness } from '../processor/load-harness.js';
import { day, historyRows, hour, HOURS_FOR_EVER, RECORDS, ROWS } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

describe('verify compares revenue over time with the log', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await harness.openLogWith(RECORDS.join(''));
    await load();
    expect(await historyRows(harness.dataSource)).toEqual(ROWS);
  });
  afterAll(() => harness.remove());

  const query = (sql: string): Promise<unknown> => harness.dataSource.query(sql);
  const load = (): Promise<unknown> =>
    harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();

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
  });

  test.each([
    [
      'the row of an hour whose events cancelled out is missing',
      `delete from revenue_history where revenue = 0`,
    ],
    [
      'an hour without events has a row of 0',
      `insert into revenue_history values ('hour', '2030-01-01Z', 0.000)`,
    ],
    [
      'a day without events has a row of 0',
      `insert into revenue_history values ('day', '2030-01-01Z', 0)`,
    ],
    [
      'a day has nothing but the row of a day',
      `insert into revenue_history values ('day', '2025-11-23Z', -7.5);
      delete from revenue_history where start = '2025-11-23 07:00Z'`,
    ],
    [
      'the hours of a day are not all of it',
      `insert into revenue_history values ('day', '2025-11-21Z', 1);
      update revenue_history set revenue = revenue - 1 where start = '2025-11-21 23:00Z'`,
    ],
    [
      'an amount moves within a day that was rolled up',
      `insert into revenue_history values ('day', '2025-11-21Z', -1e20);
      update revenue_history set revenue = 1e20 + 1.3 where start = '2025-11-21 22:00Z';
      delete from revenue_history where start = '2025-11-21 23:00Z'`,
    ],
  ])('and finds it exact when %s', async (_what, sql) => {
    await query(sql);
    expect(await shares.verify(log)).toMatchObject(EXACT);
  });

  test.each<[string, string, object[]]>([
    [
      'an hour that was changed',
      `update revenue_history set revenue = revenue - 0.000001 where start = '2025-11-22 00:00Z'`,
      [hour('2025-11-22T00:00:00.000Z', '19999999999999980.000001', '19999999999999980')],
    ],
    [
      'an hour that is off by less than an event can be',
      `update revenue_history set revenue = 1.2000000001 where start = '2025-11-21 23:00Z'`,
      [hour('2025-11-21T23:00:00.000Z', '1.2', '1.2000000001')],
    ],
    [
      'a sign that was lost',
      `update revenue_history set revenue = 7.5 where start = '2025-11-23 07:00Z'`,
      [hour('2025-11-23T07:00:00.000Z', '-7.5', '7.5')],
    ],
    [
      'NaN',
      `update revenue_history set revenue = 'NaN' where start = '2025-11-22 08:00Z'`,
      [hour('2025-11-22T08:00:00.000Z', '0', 'NaN')],
    ],
    [
      'an hour that is missing',
      `delete from revenue_history where start = '2025-11-21 22:00Z'`,
      [hour('2025-11-21T22:00:00.000Z', '0.1', null)],
    ],
    [
      'an hour that the log does not know',
      `insert into revenue_history values ('hour', '2025-11-22 09:00Z', 0.1)`,
      [hour('2025-11-22T09:00:00.000Z', null, '0.1')],
    ],
    [
      'a day that the log does not know',
      `insert into revenue_history values ('day', '1969-12-31Z', -1)`,
      [day('1969-12-31T00:00:00.000Z', null, '-1')],
    ],
    [
      'an amount in the hour after, in the next day',
      `update revenue_history set revenue = revenue - 1 where start = '2025-11-21 23:00Z';
       update revenue_history set revenue = revenue + 1 where start = '2025-11-22 00:00Z'`,
      [
        hour('2025-11-21T23:00:00.000Z', '1.2', '0.2'),
        hour('2025-11-22T00:00:00.000Z', '19999999999999980.000001', '19999999999999981.000001'),
      ],
    ],
    [
      'the row of a day beside all of its hours',
      `insert into revenue_history values ('day', '2025-11-21Z', 1.3)`,
      [day('2025-11-21T00:00:00.000Z', '1.3', '2.6')],
    ],
    [
      'rows that begin within an hour, and a day',
      `insert into revenue_history values ('day', '2025-11-21 01:00Z', 1), ('hour', '2025-11-21 23:30Z', 2)`,
      [day('2025-11-21T01:00:00.000Z', null, '1'), hour('2025-11-21T23:30:00.000Z', null, '2')],
    ],
    [
      'rows of no time at all',
      `insert into revenue_history values ('hour', 'infinity', 3), ('day', '-infinity', 4)`,
      [day('-infinity', null, '4'), hour('infinity', null, '3')],
    ],
  ])('finds %s', async (_what, sql, differences) => {
    await query(sql);
    await expectDrift(...differences);
  });

  test('counts all differences, and shows the first 100 in the order of time', async () => {
    await query(`insert into revenue_history
      select 'hour', '2030-01-01Z'::timestamptz - n * interval '1 hour', n from generate_series(1, 250) as n`);
    const verification = await shares.verify(log);
    expect(verification).toMatchObject({ kind: 'drift', historyDifferencesTotal: 250 });
    expect(verification).toHaveProperty('historyDifferences.length', 100);
    const first = hour('2029-12-21T14:00:00.000Z', null, '250');
    expect(verification).toHaveProperty('historyDifferences.0', first);
  });

  test.each(['Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe'])(
    'by the hours of UTC, wherever the server of the database is: in %s',
    async (zone) => {
      await query(
        `alter database ${new URL(harness.database.url.replace('@/', '@h/')).pathname.slice(1)} set timezone = '${zone}'`,
      );
      await query(`update revenue_history set revenue = 2 where start = '2025-11-21 22:00Z'`);
      const dataSource = await harness.connect();
      expect(await dataSource.query('show timezone')).toEqual([{ TimeZone: zone }]);
      const options = { log, refresh: () => Promise.resolve(), onProgress: () => undefined };
      expect(await verifyBalances({ dataSource, ...options })).toMatchObject({
        kind: 'drift',
        historyDifferences: [hour('2025-11-21T22:00:00.000Z', '0.1', '2')],
      });
      expect(await rebuildBalances({ dataSource, ...options })).toMatchObject({ historyRows: 1 });
      expect(await historyRows(harness.dataSource)).toEqual(ROWS);
    },
  );

  test('from the very first hour to the last that a timestamp can tell', async () => {
    const at = (timestamp: number, value: number): string =>
      `${JSON.stringify({ timestamp, userId: 'abc', name: 'add_revenue', value })}\n`;
    await log.close();
    log = await harness.openLogWith(
      [at(0, 1), at(3_599_999, 2), at(Number.MAX_SAFE_INTEGER, 4)].join(''),
    );
    await load();
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', hours: 7 });
    await query(`delete from revenue_history where revenue in (3, 4)`);
    expect(await shares.verify(log)).toMatchObject({
      historyDifferences: [
        hour('1970-01-01T00:00:00.000Z', '3', null),
        hour('287396-10-12T08:00:00.000Z', '4', null),
      ],
    });
  });

  test('refuses a database without the table, before it reads the log, and says what to do', async () => {
    await query('alter table revenue_history rename to not_yet');
    try {
      const refusal = {
        ...{ kind: 'refused', code: 'TABLE_MISSING' },
        message: expect.stringMatching('revenue_history.*GET /createTable'),
      };
      const onProgress = (): void => expect(true).toBe(false);
      expect(await shares.verify(log)).toEqual(refusal);
      expect(await shares.rebuild(log, { onProgress })).toEqual(refusal);
    } finally {
      await query('alter table not_yet rename to revenue_history');
    }
    expect(await shares.verify(log)).toMatchObject(EXACT);
  });
});
