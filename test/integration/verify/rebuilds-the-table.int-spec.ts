import { mkdir, readdir } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness, recordLine, type TestEvent } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const POISON = 'poison\n';

describe('rebuild puts the table right', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    await (
      await harness.openLogWith(`${recordLine('abc', 0.1)}${POISON}${recordLine('abc', 0.2)}`)
    ).close();
    log = await harness.openLog('data', { now: () => 1_763_900_000_000 });
    await append(
      log,
      ['zero', 0],
      ['debt', 7.5, 'subtract_revenue'],
      ['__proto__', 999_999_999_999_999],
      ['Ünï"\\{}', 3],
      ['\u{1F600}', 4],
      ['\uFFFD', 5],
    );
    await harness.processor(log).runOnce();
    balances = await harness.balances();
  });
  afterAll(() => harness.remove());

  let balances: Record<string, string>;
  const query = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
    harness.dataSource.query(sql, parameters);
  /** Of each row: the transaction that wrote it, and when it says that this was. */
  const writers = async (): Promise<unknown> => ({
    users: await query('select user_id, xmin, ctid, updated_at from users_revenue order by 1'),
    checkpoints: await query('select log_id, xmin, ctid, updated_at from load_checkpoint'),
  });

  async function expectRight(): Promise<void> {
    expect(await harness.balances()).toEqual(balances);
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
  }

  test('of wrong, missing and invented users, and no row but theirs', async () => {
    await query(`update users_revenue set revenue = 1e30 where user_id = 'abc'`);
    await query(`update users_revenue set revenue = 'NaN' where user_id = '\uFFFD'`);
    await query(`delete from users_revenue where user_id in ('zero', '\u{1F600}', 'Ünï"\\{}')`);
    await query(`insert into users_revenue values ('', 0, 'epoch'), ('ghost', 0, 'epoch'),
      ('\u{1F601}', 1, 'epoch'), ('a"\\', 1, 'epoch')`);
    await query(`update users_revenue set updated_at = 'epoch'`);
    expect(await shares.rebuild(log)).toEqual({
      ...{ kind: 'rebuilt', offset: log.endOffset(), users: 7 },
      ...{ inserted: 3, updated: 2, deleted: 4 },
      ...{ hours: 2, historyRows: 0 },
      events: { inLog: 8, inTable: 8 },
      deadLetters: { inLog: 1, inTable: 1 },
    });
    await expectRight();
    const touched = await query(
      `select user_id from users_revenue where updated_at > now() - interval '1 hour'`,
    );
    expect(touched).toHaveLength(5);
    expect(await query(`select from users_revenue where updated_at = 'epoch'`)).toHaveLength(2);
  });

  test('that was emptied, as it was', async () => {
    await query('truncate users_revenue');
    expect(await shares.rebuild(log)).toMatchObject({ inserted: 7, updated: 0, deleted: 0 });
    await expectRight();
  });

  test('and of a checkpoint the count of events', async () => {
    await query('update load_checkpoint set events = 1000');
    expect(await shares.rebuild(log)).toMatchObject({
      ...{ kind: 'rebuilt', inserted: 0, updated: 0, deleted: 0 },
      events: { inLog: 8, inTable: 1_000 },
    });
    expect(await harness.checkpoints()).toMatchObject([{ offset: log.endOffset(), events: 8 }]);
    await expectRight();
  });

  test('and writes nothing where it is exact', async () => {
    const before = await writers();
    expect(await shares.rebuild(log)).toMatchObject({
      ...{ kind: 'exact', inserted: 0, updated: 0, deleted: 0, users: 7 },
    });
    expect(await writers()).toEqual(before);
  });

  test('and leaves dead letters as they are, but tells of them', async () => {
    await query('delete from dead_letters');
    expect(await shares.rebuild(log)).toMatchObject({
      kind: 'exact',
      deadLetters: { inLog: 1, inTable: 0 },
    });
    expect(await shares.verify(log)).toMatchObject({ kind: 'drift', differencesTotal: 0 });
  });

  test('up to the checkpoint, whatever the log holds beyond it, and loads go on from there', async () => {
    await append(log, ['abc', 1_000], ['later', 1]);
    await query(`update users_revenue set revenue = revenue + 1`);
    expect(await shares.rebuild(log)).toMatchObject({ updated: 7, events: { inLog: 8 } });
    await expectRight();
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ ...balances, abc: '1000.3', later: '1' });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact' });
  });

  test('of more users than are kept in memory: with files, which are gone at the end', async () => {
    const events = Array.from({ length: 12_001 }, (_, n): TestEvent => {
      return [`user-${(n * 7_919) % 12_001}`, n / 4];
    });
    for (let from = 0; from < events.length; from += 500) {
      await append(log, ...events.slice(from, from + 500));
    }
    await harness.processor(log).runOnce();
    balances = await harness.balances();
    const sortDirectory = join(harness.directory, 'sorted');
    await mkdir(sortDirectory);
    for (const [change, counts] of [
      ['truncate users_revenue', { inserted: 12_008 }],
      [`delete from users_revenue where user_id > 'user-'`, { inserted: 12_005 }],
      ['update users_revenue set revenue = -revenue - 1', { updated: 12_008 }],
      [
        `insert into users_revenue select 'user-' || n || '.', n, now() from generate_series(1, 12000) as n`,
        { deleted: 12_000 },
      ],
      [`delete from users_revenue where hashtext(user_id) % 3 = 0`, {}],
    ] as const) {
      await query(change);
      const files: number[] = [];
      const onUsers = (): void => {
        for (const name of readdirSync(sortDirectory)) {
          files.push(readdirSync(join(sortDirectory, name)).length);
        }
      };
      const rebuilding = await shares.rebuild(log, { usersMax: 1_000, sortDirectory, onUsers });
      expect(rebuilding).toMatchObject({ kind: 'rebuilt', users: 12_008, ...counts });
      expect(Math.max(...files)).toBeGreaterThan(1);
      expect(await readdir(sortDirectory)).toEqual([]);
      await expectRight();
    }
  });

  test('and tells how far it is, in bytes and in users, up to the end', async () => {
    const told: [string, number, number][] = [];
    await shares.rebuild(log, {
      onProgress: (done, total) => told.push(['bytes', done, total]),
      onUsers: (done, total) => told.push(['users', done, total]),
    });
    expect(told).toContainEqual(['bytes', log.endOffset(), log.endOffset()]);
    expect(told.at(-1)).toEqual(['users', 7, 7]);
  });
});
