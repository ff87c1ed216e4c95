import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StagingLog, StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances, type Verification } from '../../../src/verify/verify.port.js';
import { append, LoadHarness, recordLine, type TestEvent } from '../processor/load-harness.js';

const OTHER_LOG = '22222222-2222-4222-8222-222222222222';

describe('verify compares the table with the log', () => {
  let harness: LoadHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    const poison = `poison\n\n{"timestamp":1,"userId":"x","name":"give","value":1}\n`;
    await (
      await harness.openLogWith(`${recordLine('abc', 0.1)}${poison}${recordLine('abc', 0.2)}`)
    ).close();
    log = await harness.openLog('data', { now: () => 1_763_900_000_000 });
    await append(
      log,
      ['zero', 0],
      ['debt', 7.5, 'subtract_revenue'],
      ['__proto__', 999_999_999_999_999],
    );
    await harness.processor(log).runOnce();
  });
  afterAll(() => harness.remove());

  const verify = (of: StagingLogReader = log): Promise<Verification> =>
    verifyBalances({
      dataSource: harness.dataSource,
      log: of,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    });

  test('and finds it exact', async () => {
    expect(await verify()).toEqual({
      kind: 'exact',
      offset: log.endOffset(),
      events: { inLog: 5, inTable: 5 },
      users: 4,
      differences: [],
      differencesTotal: 0,
      deadLetters: { inLog: 3, inTable: 3 },
      hours: 2,
      historyDifferences: [],
      historyDifferencesTotal: 0,
    });
  });

  test('up to the checkpoint, whatever the log holds beyond it', async () => {
    const offset = log.endOffset();
    await append(log, ['abc', 1_000]);
    expect(await verify()).toMatchObject({ kind: 'exact', offset, events: { inLog: 5 } });
  });

  test('when nothing was ever loaded', async () => {
    const fresh = await harness.openLog('fresh');
    await harness.dataSource.query(
      'truncate users_revenue, load_checkpoint, dead_letters, revenue_history',
    );
    expect(await verify(fresh)).toMatchObject({
      kind: 'exact',
      offset: 0,
      events: { inLog: 0, inTable: 0 },
      users: 0,
    });
  });

  test.each([
    [
      'a balance that was changed',
      `update users_revenue set revenue = revenue + 0.01 where user_id = 'abc'`,
      { userId: 'abc', inLog: '0.3', inTable: '0.31' },
    ],
    [
      'a balance that is off by less than an event can be',
      `update users_revenue set revenue = revenue + 0.0000001 where user_id = 'abc'`,
      { userId: 'abc', inLog: '0.3', inTable: '0.3000001' },
    ],
    [
      'a sign that was lost',
      `update users_revenue set revenue = 7.5 where user_id = 'debt'`,
      { userId: 'debt', inLog: '-7.5', inTable: '7.5' },
    ],
    [
      'NaN',
      `update users_revenue set revenue = 'NaN' where user_id = 'abc'`,
      { userId: 'abc', inLog: '0.3', inTable: 'NaN' },
    ],
    [
      'a user who is missing',
      `delete from users_revenue where user_id = '__proto__'`,
      { userId: '__proto__', inLog: '999999999999999', inTable: null },
    ],
    [
      'a user at balance 0 who is missing',
      `delete from users_revenue where user_id = 'zero'`,
      { userId: 'zero', inLog: '0', inTable: null },
    ],
    [
      'a user whom the log does not know, even at balance 0',
      `insert into users_revenue values ('ghost', 0, now())`,
      { userId: 'ghost', inLog: null, inTable: '0' },
    ],
  ])('finds %s', async (_what, sql, difference) => {
    await harness.dataSource.query(sql);
    expect(await verify()).toMatchObject({
      kind: 'drift',
      differences: [difference],
      differencesTotal: 1,
    });
  });

  test.each([
    ['a dead letter that is gone', "delete from dead_letters where code = 'NAME_UNKNOWN'", 2],
    [
      'a dead letter that is none',
      `insert into dead_letters (log_id, "offset", length, bytes, code, message)
        select log_id, 0, 1, '', 'X', 'X' from load_checkpoint`,
      4,
    ],
  ])('finds %s', async (_what, sql, inTable) => {
    await harness.dataSource.query(sql);
    expect(await verify()).toMatchObject({ kind: 'drift', deadLetters: { inLog: 3, inTable } });
  });

  test('finds a checkpoint with another number of events', async () => {
    await harness.dataSource.query('update load_checkpoint set events = events + 1');
    expect(await verify()).toMatchObject({ kind: 'drift', differencesTotal: 0 });
  });

  test('finds an event applied twice, and one that was skipped', async () => {
    const add = (value: number): Promise<unknown> =>
      harness.dataSource.query(
        `update users_revenue set revenue = revenue + $1 where user_id = 'abc'`,
        [value],
      );
    await add(0.2);
    expect((await verify()).kind).toBe('drift');
    await add(-0.4);
    expect((await verify()).kind).toBe('drift');
    await add(0.2);
    expect((await verify()).kind).toBe('exact');
  });

  test('counts all differences, and shows the first 100', async () => {
    await harness.dataSource.query(
      `insert into users_revenue select 'ghost-' || n, n, now() from generate_series(1, 250) as n`,
    );
    const verification = await verify();
    expect(verification).toMatchObject({ kind: 'drift', differencesTotal: 250 });
    expect(verification).toHaveProperty('differences.length', 100);
  });

  test('over more users than a page of the table has', async () => {
    const events = Array.from({ length: 25_001 }, (_, n): TestEvent => [`user-${n}`, n / 4]);
    await append(log, ...events);
    await harness.processor(log).runOnce();
    expect(await verify()).toMatchObject({ kind: 'exact', users: 25_005 });
    await harness.dataSource.query(`delete from users_revenue where user_id = 'user-20000'`);
    expect(await verify()).toMatchObject({ kind: 'drift', differencesTotal: 1 });
  });

  test('counts a line too long for a record as the load does', async () => {
    await log.close();
    const long = `{"timestamp":1,"userId":"abc","name":"add_revenue","value":1${' '.repeat(2 ** 21)}}\n`;
    log = await harness.openLogWith(long + recordLine('abc', 1));
    await harness.processor(log).runOnce();
    expect(await verify()).toMatchObject({ kind: 'exact', deadLetters: { inLog: 4, inTable: 4 } });
  });

  test('refuses where another log has loaded as well', async () => {
    await harness.dataSource.query(
      `insert into load_checkpoint values ($1, 10, 'f', null, 1, now())`,
      [OTHER_LOG],
    );
    const verification = await verify();
    expect(verification).toMatchObject({ kind: 'refused', code: 'OTHER_LOGS' });
    expect(verification).toHaveProperty('message', expect.stringContaining(OTHER_LOG));
  });

  test('refuses a log that is foreign to the database', async () => {
    const foreign = await harness.openLog('foreign');
    await append(foreign, ['abc', 0.3]);
    expect(await verify(foreign)).toMatchObject({ kind: 'refused' });
  });

  test.each([
    ['went on by itself', true, 'LOG_FORKED'],
    ['is older', false, 'LOG_BEHIND_CHECKPOINT'],
  ])('refuses a copy of its log that %s', async (_what, goesOn, code) => {
    await harness.copyDataDir('data', 'copy');
    const copy = await harness.openLog('copy');
    await append(log, ['abc', 1]);
    if (goesOn) await append(copy, ['abc', 2]);
    await harness.processor(log).runOnce();
    expect(await verify(copy)).toMatchObject({ kind: 'refused', code });
    expect(await verify()).toMatchObject({ kind: 'exact' });
  });
});
