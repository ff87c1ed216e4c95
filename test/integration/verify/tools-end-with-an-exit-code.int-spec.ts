import { once } from 'node:events';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { flipByte } from '../processor/break-files.js';
import { LoadHarness, append, recordLine } from '../processor/load-harness.js';
import { RunningApplication, temporaryDirectory } from '../../support/running-application.js';
import { sendRequest } from '../../support/send-request.js';
import { runTool, startTool } from './run-tool.js';
import { ShareHarness } from './share-harness.js';

const NEVER = { LOAD_CRON: '0 0 0 1 1 *' };

describe('the tools on a stopped application end with an exit code', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const load = (name = 'data') => runTool('load', harness.dataDir(name), harness.database.url);
  const verify = (name = 'data') => runTool('verify', harness.dataDir(name), harness.database.url);

  async function stage(lines: string): Promise<void> {
    await (await harness.openLogWith(lines)).close();
  }

  test('load 0 and verify 0 when all is well, without a torn tail', async () => {
    await stage(`${recordLine('abc', 5)}poison\n${recordLine('abc', 0.5)}`);
    await appendFile(harness.segment(), recordLine('abc', 1_000).trimEnd());
    expect(await load()).toMatchObject({ code: 0, stdout: expect.stringContaining('caught-up') });
    expect(await harness.balances()).toEqual({ abc: '5.5' });
    expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringContaining('exact') });
  });

  test('verify 1 for drift, with the user and both sums', async () => {
    await stage(recordLine('abc', 5));
    await load();
    await harness.dataSource.query('update users_revenue set revenue = 6');
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toContain('"abc": log 5, table 6');
    expect(stdout).toContain('1 users differ, and 0 hours or days');
  });

  test('verify 1 for drift of an hour or day, with both sums; rebuild 0 with how many rows', async () => {
    await stage(recordLine('abc', 5) + recordLine('abc', 7, Date.now()));
    await load();
    await harness.dataSource.query(
      `update revenue_history set revenue = 6 where start = '2025-11-22Z'`,
    );
    await harness.dataSource.query(
      `insert into revenue_history values ('hour', '2024-02-29 23:00Z', 0.5)`,
    );
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toContain('0 users differ, and 2 hours or days');
    expect(stdout).toContain('\n  hour 2024-02-29T23:00:00.000Z: log nothing, table 0.5\n');
    expect(stdout).toContain('\n  day 2025-11-22T00:00:00.000Z: log 5, table 6\n');
    expect(await runTool('rebuild', harness.dataDir(), harness.database.url)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 rows of revenue over time changed'),
    });
    expect((await verify()).code).toBe(0);
  });

  test('verify 2 and rebuild 2 where the table of revenue over time is missing', async () => {
    await stage(recordLine('abc', 5));
    await load();
    await harness.dataSource.query('alter table revenue_history rename to not_yet');
    for (const tool of ['verify', 'rebuild']) {
      expect(await runTool(tool, harness.dataDir(), harness.database.url)).toMatchObject({
        code: 2,
        stdout: expect.stringMatching('TABLE_MISSING.*GET /createTable'),
      });
    }
    await harness.dataSource.query('alter table not_yet rename to revenue_history');
  });

  test('load 2 and verify 2 for a log that the database has not loaded', async () => {
    await stage(recordLine('abc', 5));
    await cp(harness.dataDir(), harness.dataDir('copy'), { recursive: true });
    await appendFile(harness.segment('copy'), recordLine('abc', 7));
    await appendFile(harness.segment(), recordLine('abc', 8));
    await load();
    expect(await load('copy')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('LOG_FORKED'),
    });
    expect((await verify('copy')).code).toBe(2);
    expect(await harness.balances()).toEqual({ abc: '13' });
  });

  test('load 2 and verify 2 for a log that is damaged before the checkpoint', async () => {
    await stage(recordLine('abc', 5));
    await load();
    const mirror = join(harness.dataDir(), 'checkpoint.json');
    const shown = await readFile(mirror);
    await rm(mirror);
    await (await harness.openLog()).close(); // which notes the checksum of what was put there
    await flipByte(harness.segment(), 30);
    await appendFile(harness.segment(), recordLine('abc', 8));
    for (const run of [load, verify]) {
      expect(await run()).toMatchObject({ code: 2, stdout: expect.stringMatching('LOG_DAMAGED') });
    }
    expect(await harness.balances()).toEqual({ abc: '5' });
    await writeFile(mirror, shown);
    expect((await load()).code).toBe(0);
    expect(await harness.balances()).toEqual({ abc: '13' });
  });

  test('verify 0 with the shares of the other logs, and 2 without or with a bad one', async () => {
    await stage(recordLine('abc', 5));
    await load();
    const other = await harness.openLog('other');
    await append(other, ['abc', 7]);
    await harness.processor(other).runOnce();
    const { written } = await new ShareHarness(harness).compute(other);
    const path = join(harness.directory, 'other.share');
    await writeFile(path, written);
    const withShare = (file: string) =>
      runTool(`verify --share ${file}`, harness.dataDir(), harness.database.url);
    const exact = await withShare(path);
    expect(exact).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 events of 1 users'),
    });
    expect(await verify()).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('OTHER_LOGS'),
    });
    await writeFile(path, written.subarray(1));
    const bad = await withShare(path);
    expect(bad).toMatchObject({ code: 2, stdout: expect.stringContaining('SHARE_INVALID') });
  });

  test('log verify 1 for a share that is damaged, and 3 for one that it cannot read', async () => {
    await stage(recordLine('abc', 5));
    const path = join(harness.dataDir(), 'staging', `${'0'.repeat(20)}.share`);
    await writeFile(path, 'no share');
    const damaged = await runTool('log verify', harness.dataDir());
    expect(damaged).toMatchObject({ code: 1, stdout: expect.stringContaining(path) });
    await rm(path);
    await mkdir(path);
    const unread = await runTool('log verify', harness.dataDir());
    expect(unread).toMatchObject({ code: 3, stderr: expect.stringContaining('EISDIR') });
    expect(unread.stdout).not.toContain('damage');
  });

  test('rebuild 0 with what it did, 0 where it is exact already, and 2 without the share of another log', async () => {
    await stage(`${recordLine('abc', 5)}poison\n${recordLine('xyz', 7)}${recordLine('xyz', 1)}`);
    await load();
    const rebuild = () => runTool('rebuild', harness.dataDir(), harness.database.url);
    await harness.dataSource.query(`update users_revenue set revenue = 6 where user_id = 'abc'`);
    await harness.dataSource.query(`delete from users_revenue where user_id = 'xyz'`);
    await harness.dataSource.query(`insert into users_revenue values ('ghost', 1, now())`);
    await harness.dataSource.query('update load_checkpoint set events = 9');
    await harness.dataSource.query('delete from dead_letters');
    const rebuilt = await rebuild();
    expect(rebuilt).toMatchObject({ code: 0, stderr: '' });
    const [rows, count, dead] = rebuilt.stdout.split('\n');
    expect(rows).toMatch(/^rebuilt: 1 users inserted, 1 updated, 1 deleted; .*3 events of 2 users/);
    expect(count).toBe('the count of loaded events was 9, and is 3 now');
    expect(dead).toMatch(/^dead letters: 1 in the log, 0 in the table; they are not rebuilt/);
    expect(await harness.balances()).toEqual({ abc: '5', xyz: '8' });
    const again = await rebuild();
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^exact already, /) });
    const sql = `insert into load_checkpoint values (gen_random_uuid(), 10, 'f', null, 1, now())`;
    await harness.dataSource.query(sql);
    const refused = await rebuild();
    expect(refused).toMatchObject({ code: 2, stdout: expect.stringContaining('OTHER_LOGS') });
    const away = 'postgres://nobody@127.0.0.1:1/none';
    expect((await runTool('rebuild', harness.dataDir(), away)).code).toBe(3);
  });

  test.each(['verify --share', 'verify --shares a', 'verify a', 'rebuild a'])(
    '2 for %s',
    async (command) => {
      const { code, stderr } = await runTool(command, harness.dataDir(), harness.database.url);
      expect(code).toBe(2);
      expect(stderr).toContain('usage:');
    },
  );

  test('3 where there is no log, and where there is no database', async () => {
    await mkdir(harness.dataDir('empty'), { recursive: true });
    const noLog = await verify('empty');
    expect(noLog).toMatchObject({ code: 3, stderr: expect.stringContaining('DATA_DIR') });
    await stage(recordLine('abc', 5));
    const away = 'postgres://nobody@127.0.0.1:1/none';
    expect((await runTool('verify', harness.dataDir(), away)).code).toBe(3);
    expect((await runTool('load', harness.dataDir(), away)).code).toBe(3);
  });

  test('load 3 when the database refuses the load, of which then nothing is there', async () => {
    await stage(recordLine('abc', 5) + recordLine('xyz', 7));
    await harness.dataSource.query(
      `alter table users_revenue add constraint refuse check (user_id <> 'xyz')`,
    );
    const refused = await load();
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('"refuse"') });
    expect(refused.stdout).not.toContain('loaded');
    expect(await harness.balances()).toEqual({});
    expect(await harness.checkpoints()).toEqual([]);
    await harness.dataSource.query('alter table users_revenue drop constraint refuse');
    expect((await load()).code).toBe(0);
    expect(await harness.balances()).toEqual({ abc: '5', xyz: '7' });
  });

  test('and as soon as their work is done', async () => {
    await stage(recordLine('abc', 5));
    for (const name of ['load', 'verify']) {
      const child = await startTool(name, harness.dataDir(), harness.database.url);
      const closed = once(child, 'close');
      await once(child.stdout.resume(), 'data');
      child.stderr.resume();
      const begun = performance.now();
      expect(await closed).toEqual([0, null]);
      expect(performance.now() - begun).toBeLessThan(9_000); // a pool that nobody closes: 10 s
    }
  });

  test('and leave the data directory free for its next owner', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    await log.close();
    for (let i = 0; i < 2; i++) expect((await load()).code).toBe(0);
    expect(await harness.balances()).toEqual({ abc: '1' });
  });
});

describe('the tools use the embedded database', () => {
  test('beside the running application, and when it is stopped', async () => {
    const dataDir = join(await temporaryDirectory(), 'data');
    const application = await RunningApplication.start({ dataDir, env: NEVER });
    const body = [1, 2, 3].map((value) => ({ userId: 'abc', name: 'add_revenue', value }));
    const url = application.serverUrl;
    await sendRequest(url, '/events', { method: 'POST', body });
    const beside = await runTool('load', dataDir);
    expect(beside).toMatchObject({ code: 0, stderr: '' });
    expect(beside.stdout).toContain('loaded 3 events of 1 users');
    const { json } = await sendRequest(url, '/users/abc/revenue');
    expect(json).toMatchObject({ revenue: '6' });
    expect((await runTool('verify', dataDir)).code).toBe(0);
    await sendRequest(url, '/events', { method: 'POST', body: body[0] });
    expect(await application.stop()).toBe(0);
    expect((await runTool('verify', dataDir)).stdout).toContain('exact');
    expect((await runTool('load', dataDir)).stdout).toContain('loaded 1 events of 1 users');
    expect((await runTool('verify', dataDir)).stdout).toContain('4 events of 1 users');
  });
});
