import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { flipByte, segmentAt, segmentStarts } from '../processor/break-files.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const WRONG = { abc: '6', ghost: '1' };

describe('rebuild changes nothing', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  let starts: number[];
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await open();
    await append(log, ['abc', 5]);
    await append(log, ['xyz', 7]);
    await append(log, ['xyz', 1, 'subtract_revenue']);
    await harness.processor(log, { dataDir: harness.dataDir() }).runOnce();
    starts = await segmentStarts(harness.dataDir());
    await query(`update users_revenue set revenue = 6 where user_id = 'abc'`);
    await query(`delete from users_revenue where user_id = 'xyz'`);
    await query(`insert into users_revenue values ('ghost', 1, now())`);
    await query('update load_checkpoint set events = 99');
  });
  afterAll(() => harness.remove());

  /** Each append is a segment. */
  const open = (name = 'data') => harness.openLog(name, { segmentBytesMax: 1 });
  const query = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
    harness.dataSource.query(sql, parameters);

  async function expectUnchanged(): Promise<void> {
    expect(await harness.balances()).toEqual(WRONG);
    const checkpoints = await harness.checkpoints();
    expect(checkpoints.find((row) => row['log_id'] === log.identity)).toMatchObject({ events: 99 });
  }

  /** Refused as verify is, in the same words. */
  async function expectRefused(code: string, shareFiles: string[] = [], of = log): Promise<void> {
    const more = { shareFiles, dataDir: harness.dataDir() };
    const refused = await shares.rebuild(of, more);
    expect(refused).toMatchObject({ kind: 'refused', code });
    await expectUnchanged();
    if (code !== 'NOTHING_LOADED') expect(await shares.verify(of, more)).toEqual(refused);
  }

  test('where another log feeds the table, and its share is missing, old, or damaged', async () => {
    const other = await open('other');
    await append(other, ['abc', 1]);
    const processor = harness.processor(other);
    await processor.runOnce();
    const { written } = await shares.compute(other);
    const path = join(harness.directory, 'other.share');
    await writeFile(path, written);
    await append(other, ['late', 1]);
    await processor.runOnce();
    await query(`delete from users_revenue where user_id = 'late'`);
    await query(`update users_revenue set revenue = 6 where user_id = 'abc'`);
    await expectRefused('OTHER_LOGS');
    await expectRefused('SHARE_NOT_AT_CHECKPOINT', [path]);
    await writeFile(path, written.subarray(1));
    await expectRefused('SHARE_INVALID', [path]);
  });

  test('where the share is missing that stands for deleted segments', async () => {
    const share = join(
      harness.dataDir(),
      'staging',
      `${String(starts[1]).padStart(20, '0')}.share`,
    );
    await shares.write({ log, to: toOffset(starts[1] ?? 0) }, share);
    await log.close();
    for (const extension of ['jsonl', 'sums', 'ids']) {
      await rm(segmentAt(harness.dataDir(), 0).replace(/jsonl$/, extension), { force: true });
    }
    log = await open();
    await flipByte(share, 20);
    await expectRefused('SHARE_MISSING');
  });

  test.each([
    ['went on by itself', true, 'LOG_FORKED'],
    ['is older', false, 'LOG_BEHIND_CHECKPOINT'],
  ])('where the log is a copy that %s', async (_what, goesOn, code) => {
    await harness.copyDataDir('data', 'copy');
    const copy = await open('copy');
    await append(log, ['abc', 1]);
    if (goesOn) await append(copy, ['abc', 2]);
    await harness.processor(log).runOnce();
    await query(`update users_revenue set revenue = 6 where user_id = 'abc'`);
    await query('update load_checkpoint set events = 99');
    await expectRefused(code, [], copy);
  });

  test('where a record was damaged after it was loaded, and rebuilds when it is restored', async () => {
    const middle = segmentAt(harness.dataDir(), starts[1] ?? 0);
    await flipByte(middle, 30);
    await expectRefused('LOG_DAMAGED');
    await flipByte(middle, 30);
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'rebuilt' });
    expect(await harness.balances()).toEqual({ abc: '5', xyz: '6' });
  });

  test('where nothing was ever loaded: the balances are of other make', async () => {
    await query('truncate load_checkpoint');
    const refused = await shares.rebuild(log);
    expect(refused).toMatchObject({ kind: 'refused', code: 'NOTHING_LOADED' });
    expect(await harness.balances()).toEqual(WRONG);
  });

  /** Ends the connection of a rebuild before its first statement with this text. */
  async function killBefore(text: string): Promise<DataSource> {
    const dataSource = await harness.connect();
    const create = dataSource.createQueryRunner.bind(dataSource);
    dataSource.createQueryRunner = (mode) => {
      const runner = create(mode);
      const run = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      runner.query = (async (sql: string, ...rest: unknown[]) => {
        if (!sql.includes(text)) return run(sql, ...rest);
        const [{ pid }] = (await run('select pg_backend_pid() as pid')) as [{ pid: number }];
        await query('select pg_terminate_backend($1, 5000)', [pid]);
        return run(sql, ...rest);
      }) as QueryRunner['query'];
      return runner;
    };
    return dataSource;
  }

  test.each([
    ...['lock table', 'from dead_letters', 'insert into users_revenue'],
    ...['delete from users_revenue', 'update load_checkpoint', 'COMMIT'],
  ])('when its connection is lost at "%s"', async (text) => {
    const dataSource = await killBefore(text);
    await expect(shares.rebuild(log, { dataSource })).rejects.toThrow();
    await expectUnchanged();
    expect(await shares.rebuild(log)).toMatchObject({ inserted: 1, updated: 1, deleted: 1 });
    expect(await shares.verify(log)).toMatchObject({ kind: 'exact', events: { inTable: 3 } });
  });

  test('when the log cannot be read', async () => {
    const to = toOffset(log.endOffset());
    const unreadable = Object.create(log, {
      read: { value: () => Promise.reject(new Error('EIO')) },
    }) as StagingLog;
    await expect(shares.rebuild(unreadable)).rejects.toThrow('EIO');
    await expectUnchanged();
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'rebuilt', offset: to });
  });
});
