import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { eventPayload, OpenPool } from './backlog-bench.js';
import { LoadHarness } from './load-harness.js';
import { BY_HOUR, DAY_MS, HOUR_MS, knownFrom, sumRecords, userRows } from './user-history-bench.js';

/** Of 2026-01-31T00:00:00Z. */
const DAY = 1_769_817_600_000;
const FOR_EVER = { historyHoursMax: 1_000_000 };
const ON = { ...FOR_EVER, bounds: BY_HOUR };

describe('revenue over time by user', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  let clock = 0;
  const open = (name = 'data'): Promise<StagingLog> =>
    harness.openLog(name, { now: () => clock, segmentBytesMax: 300_000 });

  async function append(log: StagingLog, at: number, payloads: readonly string[]): Promise<void> {
    clock = at;
    const answer = await log.append(payloads.map((payload) => ({ payload })));
    if (answer.kind !== 'durable') throw new Error(answer.message);
  }
  const one = (
    log: StagingLog,
    at: number,
    [userId, value]: readonly [string, number] = ['u', 1.000001],
  ): Promise<void> => append(log, at, [eventPayload(userId, value)]);

  test.each([
    ['on the main thread', 40],
    ['in threads', 1_500],
  ])('is the exact sum of each hour of each user, folded %s', async (_where, records) => {
    const log = await open();
    const instants = [0, 1, 2, 3, 26, 27, 5, 100].flatMap((hour) =>
      [0, 99_999, HOUR_MS - 1].map((within) => DAY + hour * HOUR_MS + within),
    );
    const users = ['a', 'ab', 'abc', 'abcd', 'abcde', 'é', '😀', 'x'.repeat(255)];
    for (const [index, at] of instants.entries()) {
      const payloads = Array.from({ length: records }, (_, nth) => {
        const userId = users[(nth * 7 + index) % (users.length + 2)] ?? `user-${nth}`;
        const value = (nth % 7) * 100_000_000_000 + index + 0.25;
        const payload = eventPayload(userId, value, nth % 3 ? 'add_revenue' : 'subtract_revenue');
        // Another layout, which the codec reads.
        return nth % 50 === 0 ? payload.replace(',', ', ') : payload;
      });
      await append(log, at, payloads);
    }
    const pool = new OpenPool(2);
    try {
      await harness.processor(log, { ...ON, pool }).runOnce();
    } finally {
      await pool.close();
    }
    expect(pool.uses > 0).toBe(records > 40);
    const expected = await sumRecords(harness);
    expect(await userRows(harness)).toEqual(expected);
    expect(Object.keys(expected).length).toBeGreaterThan(150);
    const [sums] = await harness.dataSource.query<unknown[]>(
      `select count(*)::int as differing from users_revenue full join
         (select user_id, sum(revenue) as sum from user_revenue_history group by 1) as s
         using (user_id) where revenue is distinct from sum`,
    );
    expect(sums).toEqual({ differing: 0 });
    expect(await knownFrom(harness)).toEqual(['always']);
  });

  test('is not kept unless it is asked for', async () => {
    const log = await open();
    await one(log, DAY);
    await harness.processor(log, FOR_EVER).runOnce();
    expect(await userRows(harness)).toEqual({});
    expect(await knownFrom(harness)).toEqual([null]);
  });

  test('has batch after batch, however few hours of users each may have', async () => {
    const log = await open();
    for (let hour = 0; hour < 30; hour++) {
      const payloads = Array.from({ length: 300 }, (_, nth) => eventPayload(`user-${nth}`, 0.5));
      for (let part = 0; part < 10; part++)
        await append(log, DAY + hour * HOUR_MS + part, payloads);
    }
    const bounds = { ...BY_HOUR, usersMax: 1_000 };
    await harness.processor(log, { ...FOR_EVER, bounds }).runOnce();
    expect(harness.reports.length).toBeGreaterThan(2);
    expect(harness.reports.every(({ users }) => users === 300)).toBe(true);
    expect(await userRows(harness)).toEqual(await sumRecords(harness));
  });

  test('becomes days, whole ones, when it is old; late events of a day are added to it', async () => {
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    jest.spyOn(Date, 'now').mockReturnValue(today + DAY_MS / 2); // midnight is far
    const old = today - 3 * DAY_MS;
    const log = await open();
    for (const at of [old, old + 5 * HOUR_MS, today - 2 * DAY_MS, today - HOUR_MS, today]) {
      await one(log, at);
      await one(log, at, ['v', 3]);
    }
    const on = { historyHoursMax: 24, bounds: BY_HOUR };
    const processor = harness.processor(log, on);
    await processor.runOnce();
    const dayBefore = today - DAY_MS;
    expect(await userRows(harness)).toEqual(await sumRecords(harness, { dayBefore }));

    await one(log, old + 7 * HOUR_MS);
    await processor.runOnce();
    const late = `u hour ${new Date(old + 7 * HOUR_MS).toISOString()}`;
    expect((await userRows(harness))[late]).toBe('1.000001');
    await one(log, today);
    await harness.processor(log, on).runOnce();
    expect(await userRows(harness)).toEqual(await sumRecords(harness, { dayBefore }));
  });

  describe('switched on later', () => {
    test('begins behind the last hour that was loaded without it', async () => {
      const log = await open();
      await one(log, DAY + 5 * HOUR_MS);
      await one(log, DAY + 2 * HOUR_MS);
      await harness.processor(log, FOR_EVER).runOnce();
      for (const hour of [5, 6, 8]) await one(log, DAY + hour * HOUR_MS);
      await harness.processor(log, ON).runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T06:00']);
      const from = DAY + 6 * HOUR_MS;
      expect(await userRows(harness)).toMatchObject(await sumRecords(harness, { from }));
      await one(log, DAY + 9 * HOUR_MS);
      await harness.processor(log, ON).runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T06:00']);
    });

    test('begins without an event, too', async () => {
      const log = await open();
      await one(log, DAY + 5 * HOUR_MS);
      await harness.processor(log, FOR_EVER).runOnce();
      const processor = harness.processor(log, ON);
      await processor.runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T06:00']);
      await one(log, DAY + 7 * HOUR_MS);
      await processor.runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T06:00']);
    });

    test('and off in between: it begins anew, and its rows stay', async () => {
      const log = await open();
      await one(log, DAY);
      await harness.processor(log, ON).runOnce();
      const before = await userRows(harness);
      await one(log, DAY + 3 * HOUR_MS);
      await harness.processor(log, FOR_EVER).runOnce();
      expect(await userRows(harness)).toEqual(before);
      expect(await knownFrom(harness)).toEqual([null]);
      await one(log, DAY + 9 * HOUR_MS);
      await harness.processor(log, ON).runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T04:00']);
    });

    test('is not known while another log is loaded without it', async () => {
      const [log, other] = [await open(), await open('other')];
      await one(log, DAY);
      await harness.processor(log, ON).runOnce();
      await one(other, DAY + 4 * HOUR_MS);
      await harness.processor(other, FOR_EVER).runOnce();
      expect(await knownFrom(harness)).toEqual(['always', null]);
      await one(other, DAY + 6 * HOUR_MS);
      await harness.processor(other, ON).runOnce();
      expect(await knownFrom(harness)).toEqual(['2026-01-31T05:00', 'always']);
    });
  });

  test('begins anew with a load from the start, and is not known while another log is loaded', async () => {
    const log = await open();
    await one(log, DAY);
    await one(log, DAY + HOUR_MS);
    await harness.processor(log, ON).runOnce();
    await harness.dataSource.query('truncate users_revenue, load_checkpoint');
    await harness.processor(log, ON).runOnce();
    expect(await userRows(harness)).toEqual(await sumRecords(harness));
    expect(await knownFrom(harness)).toEqual(['always']);

    const other = await open('other');
    await one(other, DAY + 1);
    await harness.processor(other, ON).runOnce();
    expect(await userRows(harness)).toEqual(
      await sumRecords(harness, { names: ['data', 'other'] }),
    );
    expect(await knownFrom(harness)).toEqual(['always', 'always']);
    await harness.dataSource.query('delete from load_checkpoint where log_id = $1', [log.identity]);
    await harness.processor(log, ON).runOnce();
    // Nobody can tell what it had of that log before.
    expect(await knownFrom(harness)).toEqual(['2026-01-31T02:00', 'always']);
  });

  test.each(['user_revenue_history', 'user_history_state'])(
    'is in a load as a whole or not at all, where %s refuses',
    async (table) => {
      const log = await open();
      await one(log, DAY);
      const processor = harness.processor(log, ON);
      await processor.runOnce();
      const before = [await userRows(harness), await harness.balances(), await knownFrom(harness)];
      await one(log, DAY);
      await one(log, DAY + HOUR_MS, ['new', 1.000001]);
      await harness.dataSource.query(`create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'refused by the test'; end $$`);
      await harness.dataSource.query(`create constraint trigger refuse after insert or update
        on ${table} deferrable initially deferred for each row execute function refuse()`);
      await expect(processor.runOnce()).rejects.toThrow('refused by the test');
      const after = [await userRows(harness), await harness.balances(), await knownFrom(harness)];
      expect(after).toEqual(before);
      await harness.dataSource.query('drop function refuse cascade');
      await processor.runOnce();
      expect(await userRows(harness)).toEqual(await sumRecords(harness));
      expect(await harness.balances()).toEqual({ u: '2.000002', new: '1.000001' });
    },
  );
});
