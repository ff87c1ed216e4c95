import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { nodeLogFiles, type LogFiles } from '../../../src/staging-log/files/log-files.js';
import { HookedReader } from './hooked-reader.js';
import { append, LoadHarness, recordLine } from './load-harness.js';

const USERS = 20_000;
/** About 1.8 MB, which is 7 chunks. */
const BACKLOG = Array.from({ length: USERS }, (_, index) => recordLine(`user-${index}`, 1)).join(
  '',
);

describe('a load is cut into bounded batches', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const totals = async (): Promise<unknown> =>
    harness.dataSource.query(
      'select count(*)::int as users, sum(revenue)::int as revenue from users_revenue',
    );
  const ALL = [{ users: USERS, revenue: USERS }];

  test('of so many users, one after the other in one run', async () => {
    const log = await harness.openLogWith(BACKLOG);
    const usersMax = 5_000;
    const processor = harness.processor(log, { bounds: { usersMax, readMsMax: 60_000 } });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(harness.reports.length).toBeGreaterThan(2);
    for (const { users } of harness.reports) expect(users).toBeLessThan(usersMax + 4_000);
    const ends = harness.reports.map(({ toOffset }) => toOffset);
    expect(harness.reports.map(({ fromOffset }) => fromOffset)).toEqual([0, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBe(log.endOffset());
    expect(await totals()).toEqual(ALL);
  });

  test('of so much time', async () => {
    const log = await harness.openLogWith(BACKLOG);
    await harness.processor(log, { bounds: { usersMax: 10 ** 6, readMsMax: 0 } }).runOnce();
    expect(harness.reports.length).toBeGreaterThan(5);
    expect(await totals()).toEqual(ALL);
  });

  test('or is one batch when no bound is met', async () => {
    const log = await harness.openLogWith(BACKLOG);
    await harness.processor(log).runOnce();
    expect(harness.reports).toMatchObject([{ events: USERS, users: USERS, inserted: USERS }]);
  });

  test('of so many dead letters, which are kept with their bytes', async () => {
    const poison = `${'p'.repeat(300)}\n`.repeat(5_000) + recordLine('abc', 1);
    const log = await harness.openLogWith(poison);
    await harness.processor(log).runOnce();
    expect(harness.reports.length).toBeGreaterThan(2);
    expect(await harness.deadLetters()).toHaveLength(5_000);
    expect(await harness.balances()).toEqual({ abc: '1' });
  });

  test('of so many bytes of dead letters', async () => {
    const poison = `${'p'.repeat(100 * 1024)}\n`.repeat(300) + recordLine('abc', 1);
    const log = await harness.openLogWith(poison);
    await harness.processor(log).runOnce();
    // 64 KiB of each are kept, and 2 MiB of them all at a time.
    for (const { deadLetters } of harness.reports) expect(deadLetters).toBeLessThan(32 + 4);
    expect(await harness.deadLetters()).toHaveLength(300);
    expect(await harness.balances()).toEqual({ abc: '1' });
  });

  test('which end within a chunk of nothing but line ends', async () => {
    const log = await harness.openLogWith(`${'\n'.repeat(20_000)}${recordLine('abc', 1)}`);
    await harness.processor(log).runOnce();
    expect(new Set(harness.reports.map((report) => report.deadLetters))).toEqual(
      new Set([1_000, 0]),
    );
    const [row] = await harness.dataSource.query<{ count: number; last: number }[]>(
      'select count(*)::int as count, max("offset")::int as last from dead_letters',
    );
    expect(row).toEqual({ count: 20_000, last: 19_999 });
  });

  test('and stops between two of them when asked to, then goes on there', async () => {
    const log = await harness.openLogWith(BACKLOG);
    const stop = new AbortController();
    const bounds = { usersMax: 1, readMsMax: 60_000 };
    const processor = harness.processor(log, {
      bounds,
      stop: stop.signal,
      onLoad: (report) => {
        harness.reports.push(report);
        if (harness.reports.length === 2) stop.abort();
      },
    });
    expect(await processor.runOnce()).toEqual({ kind: 'stopped' });
    expect(harness.reports).toHaveLength(2);
    const [half] = await harness.checkpoints();
    expect(half).toMatchObject({ offset: harness.reports[1]!.toOffset });
    expect(await processor.runOnce()).toEqual({ kind: 'stopped' }); // it stays asked
    expect(harness.reports).toHaveLength(2);
    expect(await harness.processor(log, { bounds }).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await totals()).toEqual(ALL);
  });

  test('of which those before a failing one count once, and the rest when it does not fail', async () => {
    const log = await harness.openLogWith(BACKLOG);
    await harness.dataSource.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused by the test'; end $$`);
    await harness.dataSource.query(`create trigger refuse before insert on users_revenue
      for each row when (new.user_id = 'user-12000') execute function refuse()`);
    const bounds = { usersMax: 1, readMsMax: 60_000 };
    const processor = harness.processor(log, { bounds });
    for (let i = 0; i < 2; i++) {
      await expect(processor.runOnce()).rejects.toThrow('refused by the test');
    }
    expect(harness.reports.length).toBeGreaterThan(1);
    const loaded = harness.reports.reduce((sum, { events }) => sum + events, 0);
    expect(await totals()).toEqual([{ users: loaded, revenue: loaded }]);
    await harness.dataSource.query('drop function refuse cascade');
    expect(await harness.processor(log, { bounds }).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await totals()).toEqual(ALL);
  });

  test('and finishes the batch in flight when asked to stop within it', async () => {
    const log = await harness.openLogWith(recordLine('abc', 5));
    const stop = new AbortController();
    const reader = new HookedReader(log, {
      beforeRead: () => {
        stop.abort();
      },
    });
    const processor = harness.processor(reader, { stop: stop.signal });
    expect(await processor.runOnce()).toEqual({ kind: 'stopped' });
    expect(await harness.balances()).toEqual({ abc: '5' });
  });
});

const NO_TIMER = setTimeout(() => undefined);

describe('a tick with nothing new', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  test('reads nothing of the log; the first one after a start reads one record', async () => {
    const counts = { reads: 0, bytes: 0 };
    const files: LogFiles = {
      ...nodeLogFiles,
      read: (fd, into, position) => {
        counts.reads += 1;
        counts.bytes += into.length;
        return nodeLogFiles.read(fd, into, position);
      },
    };
    // The log looks after its file each second, and reads for it: not now.
    const asleep = jest.spyOn(globalThis, 'setInterval').mockReturnValue(NO_TIMER);
    const log = await harness.openLog('data', { files });
    asleep.mockRestore();
    for (let i = 0; i < 100; i++) await append(log, ['abc', 1]);
    const processor = harness.processor(log);
    await processor.runOnce();
    Object.assign(counts, { reads: 0, bytes: 0 });
    for (let i = 0; i < 5; i++) await processor.runOnce();
    expect(counts).toEqual({ reads: 0, bytes: 0 });
    await harness.processor(log).runOnce();
    expect(counts.reads).toBe(1);
    expect(counts.bytes).toBeLessThanOrEqual(1024);
    expect(harness.reports).toHaveLength(1);
  });
});
