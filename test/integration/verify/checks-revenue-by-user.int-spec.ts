import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { reloadRange } from '../../../src/processor/processor.port.js';
import { rollUpUserHours } from '../../../src/revenue/revenue.port.js';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import { DamagedReader } from '../processor/damaged-reader.js';
import { append, recordLine } from '../processor/load-harness.js';
import {
  BY_HOUR,
  HOUR_MS,
  knownFrom,
  sumRecords,
  userRows,
} from '../processor/user-history-bench.js';
import { HOURS_FOR_EVER } from './history-harness.js';
import { UserHoursHarness } from './user-hours-harness.js';

const { FIRST, isoAt } = UserHoursHarness;
const DAY = Date.parse('2025-11-21T00:00:00Z');

describe('revenue over time by user', () => {
  let bench: UserHoursHarness;
  beforeAll(async () => void (bench = await UserHoursHarness.create()));
  beforeEach(() => bench.reset());
  afterAll(() => bench.loads.remove());

  describe('kept from the beginning', () => {
    beforeEach(async () => {
      await bench.stage(0, 9);
      await bench.load(true);
    });

    /** So many hours or days of users, and nothing else; and all is as the records say then. */
    async function expectRebuilt(userHistoryRows: number, dayBefore = 0): Promise<void> {
      expect(await bench.verify()).toMatchObject({
        ...{ kind: 'drift', differencesTotal: 0, historyDifferencesTotal: 0 },
        userHistory: { from: null, differencesTotal: userHistoryRows },
      });
      // With few sums in memory, and the rest in files.
      const result = await bench.rebuild({ usersMax: 4 });
      expect(result).toMatchObject({
        kind: 'rebuilt',
        userHistoryRows,
        historyRows: 0,
        updated: 0,
      });
      expect(await userRows(bench.loads)).toEqual(await sumRecords(bench.loads, { dayBefore }));
      const compared = { kind: 'exact', userHistory: { from: null, differences: [] } };
      expect(await bench.verify({ usersMax: 4 })).toMatchObject(compared);
      expect(await bench.rebuild()).toMatchObject({ kind: 'exact', userHistoryRows: 0 });
    }

    test('is exact, and is not looked at where it is not kept', async () => {
      expect(await bench.verify()).toMatchObject({
        kind: 'exact',
        userHistory: { from: null, hours: 54, differences: [], differencesTotal: 0 },
      });
      await bench.query('update user_revenue_history set revenue = 0');
      expect(await bench.verify({ userHistory: false })).toMatchObject({ kind: 'exact' });
      expect(await bench.verify({ userHistory: false })).not.toHaveProperty('userHistory');
      const before = await userRows(bench.loads);
      expect(await bench.rebuild({ userHistory: false })).toMatchObject({ kind: 'exact' });
      expect(await userRows(bench.loads)).toEqual(before);
    });

    test('tells how far it is, in hours of users, from the first one to the last', async () => {
      for (const work of ['verify', 'rebuild'] as const) {
        const told: [string, number, number][] = [];
        await bench[work]({
          onUsers: (done: number, total: number) => told.push(['users', done, total]),
          onUserHours: (done: number, total: number) => told.push(['hours', done, total]),
        });
        expect(told.map(([what]) => what)).toEqual(['users', 'users', 'hours', 'hours']);
        expect(told.slice(2)).toEqual([
          ['hours', 0, 54],
          ['hours', 54, 54],
        ]);
      }
    });

    test('is found where it is off, by its user and hour', async () => {
      await bench.query(`update user_revenue_history set revenue = 5.5
                    where user_id = 'é' and start = '${isoAt(2)}'`);
      await bench.query(
        `delete from user_revenue_history where user_id = 'x' and start = '${isoAt(3)}'`,
      );
      await bench.query(
        `insert into user_revenue_history values ('ghost', 'hour', '${isoAt(3)}', 0)`,
      );
      expect(await bench.verify()).toMatchObject({
        kind: 'drift',
        userHistory: {
          differencesTotal: 3,
          differences: [
            { userId: 'ghost', from: isoAt(3), inLog: null, inTable: '0' },
            { userId: 'x', from: isoAt(3), inLog: '7.000001', inTable: null },
            { userId: 'é', from: isoAt(2), inLog: '4.000001', inTable: '5.5' },
          ],
        },
      });
    });

    test.each([
      [
        'one hour',
        `update user_revenue_history set revenue = 'NaN'
         where user_id = 'abc' and start = '${isoAt(1)}'`,
        1,
      ],
      ['a missing user', `delete from user_revenue_history where user_id = '😀'`, 9],
      [
        'a user who is none',
        `insert into user_revenue_history
         select 'none', bucket, start, 1 from user_revenue_history where user_id = 'abc'`,
        9,
      ],
      [
        'an hour that begins anywhere',
        `insert into user_revenue_history
         values ('abc', 'hour', '2025-11-21 03:00:00.000001Z', 1)`,
        1,
      ],
      ['all', 'truncate user_revenue_history', 54],
    ])('is put right: %s', async (_what, sql, rows) => {
      await bench.query(sql);
      await expectRebuilt(rows);
    });

    describe('and rolled up', () => {
      beforeEach(async () => {
        await rollUpUserHours(bench.loads.dataSource.manager, new Date(DAY));
        bench.instant = FIRST + HOUR_MS;
        await append(bench.log, ['abc', 0.5]);
        await bench.load(true);
      });

      test('is exact with an hour that came late', async () => {
        expect(await bench.verify()).toMatchObject({
          kind: 'exact',
          userHistory: { hours: 6 + 5 * 6 },
        });
      });

      test.each([
        ['a day', `update user_revenue_history set revenue = revenue + 1 where bucket = 'day'`, 6],
        ['an hour of one', `delete from user_revenue_history where start = '${isoAt(1)}'`, 1],
      ])('is put right as one row of each day: %s', async (_what, sql, rows) => {
        await bench.query(sql);
        const late = await bench.verify();
        expect(late.kind).toBe('drift');
        await bench.query(`update user_revenue_history set revenue = revenue + 7
                      where user_id = 'abc' and bucket = 'day'`);
        await expectRebuilt(rows, DAY);
      });
    });

    test('has what was quarantined once it is reloaded, whoever reloads it', async () => {
      await bench.loads.reset();
      const line = recordLine('abc', 1);
      const damaged = new DamagedReader(await bench.loads.openLogWith(line.repeat(10)));
      damaged.damage = [{ from: 3 * line.length, to: 7 * line.length }];
      const bounds = { historyHoursMax: HOURS_FOR_EVER, bounds: BY_HOUR };
      await bench.loads.processor(damaged, bounds).runOnce();
      expect(Object.values(await userRows(bench.loads))).toEqual(['6']);
      expect(await bench.verify({}, damaged)).toMatchObject({ kind: 'exact' });
      damaged.damage = [];
      const all = { from: START_OF_LOG, to: toOffset(10 * line.length) };
      const { dataSource, directory: dataDir } = bench.loads;
      const reloaded = await reloadRange({ dataSource, log: damaged, dataDir, ...all });
      expect(reloaded).toMatchObject({ kind: 'reloaded', events: 4 });
      expect(Object.values(await userRows(bench.loads))).toEqual(['10']);
      expect(await bench.verify({}, damaged)).toMatchObject({ kind: 'exact' });
    });
  });

  test('switched on later is compared from then on, and the past is filled in', async () => {
    await bench.stage(0, 3);
    await bench.load(false);
    await bench.stage(2, 6);
    await bench.load(true);
    await bench.query(`update user_revenue_history set revenue = 0 where start < '${isoAt(3)}'`);
    expect(await knownFrom(bench.loads)).toEqual(['2025-11-20T23:00']);
    expect(await bench.verify()).toMatchObject({
      kind: 'exact',
      userHistory: { from: isoAt(3), hours: 18, differencesTotal: 0 },
    });
    expect(await bench.rebuild()).toMatchObject({ kind: 'rebuilt', userHistoryRows: 18 });
    expect(await userRows(bench.loads)).toEqual(await sumRecords(bench.loads));
    expect(await knownFrom(bench.loads)).toEqual(['always']);
    expect(await bench.verify()).toMatchObject({ kind: 'exact', userHistory: { from: null } });
    await bench.stage(6, 7);
    await bench.load(true);
    expect(await knownFrom(bench.loads)).toEqual(['always']);
  });

  test('switched off in between is not compared, until the past is filled in', async () => {
    await bench.stage(0, 2);
    await bench.load(true);
    await bench.stage(1, 3);
    await bench.load(false);
    expect(await bench.verify()).toMatchObject({ kind: 'exact', userHistory: null });
    expect(await bench.rebuild()).toMatchObject({ kind: 'rebuilt', userHistoryRows: 12 });
    expect(await userRows(bench.loads)).toEqual(await sumRecords(bench.loads));
    expect(await knownFrom(bench.loads)).toEqual(['always']);
  });

  test.each(['user_revenue_history', 'user_history_state'])(
    'refuses a database without the table %s where it is kept, and says what to do',
    async (table) => {
      await bench.stage(0, 1);
      await bench.load(true);
      await bench.query(`alter table ${table} rename to not_yet`);
      try {
        const refusal = {
          ...{ kind: 'refused', code: 'TABLE_MISSING' },
          message: expect.stringMatching(`${table}.*GET /createTable`),
        };
        expect(await bench.verify()).toEqual(refusal);
        expect(await bench.rebuild()).toEqual(refusal);
        expect(await bench.verify({ userHistory: false })).toMatchObject({ kind: 'exact' });
      } finally {
        await bench.query(`alter table not_yet rename to ${table}`);
      }
    },
  );

  test('that only was not noted is noted, and that is all', async () => {
    await bench.stage(0, 2);
    await bench.load(true);
    await bench.query('update user_history_state set "offset" = -1');
    expect(await bench.rebuild()).toMatchObject({ kind: 'rebuilt', userHistoryRows: 0 });
    expect(await bench.rebuild()).toMatchObject({ kind: 'exact', userHistoryRows: 0 });
  });
});
