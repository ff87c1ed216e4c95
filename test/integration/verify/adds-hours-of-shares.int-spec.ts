import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rollUpHours } from '../../../src/revenue/revenue.port.js';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { segmentAt, segmentStarts } from '../processor/break-files.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { historyRows, hour, HOURS_FOR_EVER } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

const HOUR_MS = 3_600_000;
const FIRST = Date.parse('2025-11-20T20:00:00Z');
const BIG = 999_999_999_999_999;

describe('revenue over time is that of all logs, and of what was deleted', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let own: StagingLog;
  let other: StagingLog;
  let starts: number[];
  let instant: number;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    instant = FIRST;
    own = await open('data');
    other = await open('other');
    for (let index = 0; index < 9; index++) {
      instant = FIRST + index * HOUR_MS;
      await append(own, ['abc', BIG], ['xyz', 0.000001]);
      if (index % 2 === 0) await append(other, ['abc', BIG, 'subtract_revenue'], ['xyz', 0.1]);
    }
    for (const log of [own, other]) await load(log);
    starts = await segmentStarts(harness.dataDir());
    expect(starts.length).toBeGreaterThan(8);
  });
  afterAll(() => harness.remove());

  const query = (sql: string): Promise<unknown> => harness.dataSource.query(sql);
  /** Each append is a segment. */
  const open = (name: string): Promise<StagingLog> =>
    harness.openLog(name, { segmentBytesMax: 1, now: () => instant });
  const load = (log: StagingLog): Promise<unknown> =>
    harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
  const isoAt = (index: number): string => new Date(FIRST + index * HOUR_MS).toISOString();
  const sumAt = (index: number): string =>
    index % 2 === 0 ? '0.100001' : '999999999999999.000001';

  async function shareOf(log: StagingLog): Promise<string> {
    const path = join(harness.directory, `${log.identity}.share`);
    const dataDir = harness.dataDir(log === own ? 'data' : 'other');
    await writeFile(path, (await shares.compute(log, dataDir)).written);
    return path;
  }

  const given = async (): Promise<{ dataDir: string; shareFiles: string[] }> => ({
    dataDir: harness.dataDir(),
    shareFiles: [await shareOf(other)],
  });

  /** Deletes segments of the own log as retention does, in steps, each share from the one before. */
  async function retire(count: number, from = 0): Promise<void> {
    const at = (index: number): string =>
      join(harness.dataDir(), 'staging', `${String(starts[index]).padStart(20, '0')}.share`);
    for (let index = from + 1; index <= from + count; index++) {
      const before = index > 1 ? { from: at(index - 1) } : {};
      await shares.write({ log: own, to: toOffset(starts[index] ?? 0), ...before }, at(index));
      if (index > 1) await rm(at(index - 1));
    }
    await own.close();
    for (const start of starts.slice(0, from + count)) {
      for (const extension of ['jsonl', 'sums', 'ids']) {
        const path = segmentAt(harness.dataDir(), start).replace(/jsonl$/, extension);
        await rm(path, { force: true });
      }
    }
    own = await open('data');
    expect(own.startOffset()).toBe(starts[from + count]);
  }

  test('hour by hour, added from their shares', async () => {
    const rows = await historyRows(harness.dataSource);
    expect(Object.entries(rows)).toEqual(
      Array.from({ length: 9 }, (_, index) => [`hour ${isoAt(index)}`, sumAt(index)]),
    );
    const more = await given();
    expect(await shares.verify(own, more)).toMatchObject({ kind: 'exact', hours: 9 });
    const others = { shareFiles: [await shareOf(own)], dataDir: harness.dataDir('other') };
    expect(await shares.verify(other, others)).toMatchObject({ kind: 'exact', hours: 9 });
    await query('truncate revenue_history');
    expect(await shares.rebuild(own, more)).toMatchObject({ historyRows: 9 });
    expect(await historyRows(harness.dataSource)).toEqual(rows);
  });

  test('so an hour that is off in one of them is found', async () => {
    await query(`update revenue_history set revenue = 0.000001 where start = '${isoAt(4)}'`);
    expect(await shares.verify(own, await given())).toMatchObject({
      kind: 'drift',
      historyDifferences: [hour(isoAt(4), sumAt(4), '0.000001')],
    });
  });

  test('when the first segments are deleted, time and again, and days are rolled up', async () => {
    const rows = await historyRows(harness.dataSource);
    await retire(3);
    expect(await shares.verify(own, await given())).toMatchObject({ kind: 'exact', hours: 9 });
    await rollUpHours(harness.dataSource.manager, new Date('2025-11-21T00:00:00Z'));
    expect(await shares.verify(own, await given())).toMatchObject({ kind: 'exact', hours: 9 });
    await retire(3, 3);
    expect(await shares.verify(own, await given())).toMatchObject({ kind: 'exact', hours: 9 });
    const byShare = { shareFiles: [await shareOf(own)], dataDir: harness.dataDir('other') };
    expect(await shares.verify(other, byShare)).toMatchObject({ kind: 'exact', hours: 9 });
    await query('truncate revenue_history');
    expect(await shares.rebuild(own, await given())).toMatchObject({ historyRows: 9 });
    expect(await historyRows(harness.dataSource)).toEqual(rows);
    instant = FIRST + HOUR_MS;
    await append(own, ['abc', 2]);
    await load(own);
    expect(await historyRows(harness.dataSource)).toMatchObject({
      [`hour ${isoAt(1)}`]: '1000000000000001.000001',
    });
    expect(await shares.verify(own, await given())).toMatchObject({ kind: 'exact', hours: 9 });
  });

  test('so an hour of a deleted segment that is off is found', async () => {
    await retire(5);
    await query(`delete from revenue_history where start = '${isoAt(1)}'`);
    await query(`update revenue_history set revenue = 7 where start = '${isoAt(6)}'`);
    expect(await shares.verify(own, await given())).toMatchObject({
      kind: 'drift',
      differencesTotal: 0,
      historyDifferences: [hour(isoAt(1), sumAt(1), null), hour(isoAt(6), sumAt(6), '7')],
    });
  });
});
