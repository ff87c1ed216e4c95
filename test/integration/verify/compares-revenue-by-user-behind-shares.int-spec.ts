import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rollUpUserHours } from '../../../src/revenue/revenue.port.js';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { segmentAt, segmentStarts } from '../processor/break-files.js';
import { HOUR_MS, knownFrom, sumRecords, userRows } from '../processor/user-history-bench.js';
import { UserHoursHarness } from './user-hours-harness.js';

const { FIRST, isoAt } = UserHoursHarness;
const DAY = Date.parse('2025-11-21T00:00:00Z');

describe('revenue over time by user, of which a share tells nothing', () => {
  let bench: UserHoursHarness;
  beforeAll(async () => void (bench = await UserHoursHarness.create()));
  beforeEach(() => bench.reset());
  afterAll(() => bench.loads.remove());

  async function shareOf(of: StagingLog, name: string): Promise<string> {
    const path = join(bench.loads.directory, `${of.identity}.share`);
    await writeFile(path, (await bench.sharesOf.compute(of, bench.loads.dataDir(name))).written);
    return path;
  }

  /** Deletes the first segments as retention does. */
  async function retire(count: number): Promise<void> {
    const starts = await segmentStarts(bench.loads.dataDir());
    const to = toOffset(starts[count] ?? 0);
    const name = `${String(to).padStart(20, '0')}.share`;
    await bench.sharesOf.write(
      { log: bench.log, to },
      join(bench.loads.dataDir(), 'staging', name),
    );
    await bench.log.close();
    for (const start of starts.slice(0, count)) {
      for (const extension of ['jsonl', 'sums', 'ids']) {
        const path = segmentAt(bench.loads.dataDir(), start).replace(/jsonl$/, extension);
        await rm(path, { force: true });
      }
    }
    bench.log = await bench.open('data');
  }
  const dataDir = (): { dataDir: string } => ({ dataDir: bench.loads.dataDir() });

  test('is compared behind it, and known from when it was', async () => {
    await bench.stage(0, 9);
    await bench.load(true);
    const rows = await userRows(bench.loads);
    await retire(2);
    expect(await bench.verify(dataDir())).toMatchObject({
      kind: 'exact',
      userHistory: { from: isoAt(2), hours: 42 },
    });
    await bench.query(`update user_revenue_history set revenue = 0 where start >= '${isoAt(2)}'`);
    expect(await bench.rebuild(dataDir())).toMatchObject({ kind: 'rebuilt', userHistoryRows: 42 });
    expect(await userRows(bench.loads)).toEqual(rows);
    expect(await knownFrom(bench.loads)).toEqual(['always']);
  });

  test('is compared from the next day on where its day was rolled up', async () => {
    await bench.stage(0, 9);
    await bench.load(true);
    await rollUpUserHours(bench.loads.dataSource.manager, new Date(DAY));
    await retire(2);
    expect(await bench.verify(dataDir())).toMatchObject({
      kind: 'exact',
      userHistory: { from: new Date(DAY).toISOString(), hours: 30 },
    });
  });

  test('is known behind it only, where it is filled in', async () => {
    await bench.stage(0, 9);
    await bench.load(false);
    await retire(2);
    expect(await bench.rebuild(dataDir())).toMatchObject({ kind: 'rebuilt', userHistoryRows: 42 });
    expect(await knownFrom(bench.loads)).toEqual(['2025-11-20T22:00']);
    const from = FIRST + 2 * HOUR_MS;
    expect(await userRows(bench.loads)).toEqual(await sumRecords(bench.loads, { from }));
  });

  test('is known and compared behind the last hour of another log, whose share is given', async () => {
    const other = await bench.open('other');
    await bench.stage(0, 4, other);
    await bench.load(false, other);
    await bench.stage(0, 6);
    await bench.load(true);
    const more = { ...dataDir(), shareFiles: [await shareOf(other, 'other')] };
    expect(await knownFrom(bench.loads)).toEqual(['2025-11-21T00:00', 'always']);
    expect(await bench.rebuild(more)).toMatchObject({ kind: 'exact', userHistoryRows: 0 });
    const compared = { kind: 'exact', userHistory: { from: isoAt(4), hours: 12 } };
    expect(await bench.verify(more)).toMatchObject(compared);
  });
});
