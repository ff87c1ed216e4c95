import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { START_OF_LOG, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { decimalOf } from '../../support/reference-fold.js';
import { eventPayload, OpenPool } from './backlog-bench.js';
import { LoadHarness } from './load-harness.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of 2026-01-31T00:00:00Z. */
const DAY = 1_769_817_600_000;

type Sums = Record<string, string>;

/** Buckets to amounts in millionths, by plain means. */
class ExpectedSums {
  private readonly sums = new Map<string, bigint>();

  add(timestamp: number, bucketMs: number, micros: bigint): void {
    const bucket = bucketMs === DAY_MS ? 'day' : 'hour';
    const start = new Date(Math.floor(timestamp / bucketMs) * bucketMs).toISOString();
    const key = `${bucket} ${start}`;
    this.sums.set(key, (this.sums.get(key) ?? 0n) + micros);
  }

  get all(): Sums {
    return Object.fromEntries(Array.from(this.sums, ([key, sum]) => [key, decimalOf(sum)]));
  }
}

describe('revenue over time', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  async function history(): Promise<Sums> {
    const rows: { bucket: string; start: Date; revenue: string }[] = await harness.dataSource.query(
      `select bucket, start, trim_scale(revenue)::text as revenue from revenue_history`,
    );
    return Object.fromEntries(
      rows.map(({ bucket, start, revenue }) => [`${bucket} ${start.toISOString()}`, revenue]),
    );
  }

  async function append(log: StagingLog, payloads: readonly string[]): Promise<void> {
    const answer = await log.append(payloads.map((payload) => ({ payload })));
    if (answer.kind !== 'durable') throw new Error(answer.message);
  }

  /** Records at instants that are chosen, each of them an append of its own. */
  async function logWith(
    instants: readonly number[],
    payloadAt: (index: number) => string[],
    name = 'data',
  ): Promise<StagingLog> {
    let clock = 0;
    const log = await harness.openLog(name, { now: () => clock, segmentBytesMax: 300_000 });
    for (const [index, instant] of instants.entries()) {
      clock = instant;
      await append(log, payloadAt(index));
    }
    return log;
  }

  test.each([
    ['on the main thread', 3],
    ['in threads', 700],
  ])('is the exact sum of each hour, folded %s', async (_where, records) => {
    const expected = new ExpectedSums();
    // Hours that are passed in order, the ends of hours and days, and a clock that jumps.
    const instants = [0, 1, 2, 3, 26, 27, 5, 100].flatMap((hour) => [
      DAY + hour * HOUR_MS,
      DAY + hour * HOUR_MS + 99_999,
      DAY + (hour + 1) * HOUR_MS - 1,
    ]);
    const log = await logWith(instants, (index) =>
      Array.from({ length: records }, (_, at) => {
        const value = (at % 7) * 100_000_000_000 + index + 0.25;
        const subtracts = at % 3 === 0;
        const micros = BigInt(value * 4) * 250_000n;
        expected.add(instants[index]!, HOUR_MS, subtracts ? -micros : micros);
        return eventPayload(
          `user-${at % 50}`,
          value,
          subtracts ? 'subtract_revenue' : 'add_revenue',
        );
      }),
    );
    const pool = new OpenPool(2);
    try {
      await harness.processor(log, { pool, historyHoursMax: 1_000_000 }).runOnce();
    } finally {
      await pool.close();
    }
    expect(pool.uses > 0).toBe(records > 3);
    expect(await history()).toEqual(expected.all);
  });

  test('becomes days, whole ones, when it is old; late events of a day are added to it', async () => {
    const now = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2; // midnight is far
    jest.spyOn(Date, 'now').mockReturnValue(now);
    const today = now - DAY_MS / 2;
    const old = today - 3 * DAY_MS;
    const expected = new ExpectedSums();
    const instants = [old, old + 5 * HOUR_MS, today - 2 * DAY_MS, today - HOUR_MS, now];
    let clock = 0;
    const log = await harness.openLog('data', { now: () => clock });
    const add = async (instant: number, bucketMs: number): Promise<void> => {
      clock = instant;
      await append(log, [eventPayload('u', 1.000001)]);
      expected.add(instant, bucketMs, 1_000_001n);
    };
    // What is 24 hours old lies in yesterday, which is kept by hour as a whole.
    for (const instant of instants) await add(instant, instant < today - DAY_MS ? DAY_MS : HOUR_MS);
    const processor = harness.processor(log, { historyHoursMax: 24 });
    await processor.runOnce();
    expect(await history()).toEqual(expected.all);

    await add(old + 7 * HOUR_MS, DAY_MS);
    await processor.runOnce();
    const late = `hour ${new Date(old + 7 * HOUR_MS).toISOString()}`;
    expect((await history())[late]).toBe('1.000001');
    await add(now, HOUR_MS);
    await harness.processor(log, { historyHoursMax: 24 }).runOnce();
    expect(await history()).toEqual(expected.all);
  });

  test('begins anew with a load from the start, and not while another log is loaded', async () => {
    const expected = new ExpectedSums();
    const instants = [DAY, DAY + HOUR_MS];
    const options = { historyHoursMax: 1_000_000 };
    const log = await logWith(instants, (index) => {
      expected.add(instants[index]!, HOUR_MS, 2_000_000n);
      return [eventPayload('u', 2)];
    });
    await harness.processor(log, options).runOnce();
    await harness.dataSource.query('truncate users_revenue, load_checkpoint');
    await harness.processor(log, options).runOnce();
    expect(await history()).toEqual(expected.all);

    const other = await logWith([DAY + 1], () => [eventPayload('u', 3)], 'other');
    expect(other.startOffset()).toBe(START_OF_LOG);
    await harness.processor(other, options).runOnce();
    expected.add(DAY + 1, HOUR_MS, 3_000_000n);
    expect(await history()).toEqual(expected.all);
  });
});
