import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../../support/database-proxy.js';
import { queryDatabase } from '../../support/query-database.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { LoadHarness, recordLine } from '../processor/load-harness.js';
import { runTool, startTool, type ToolEnd } from '../verify/run-tool.js';

const TOOLS = ['load', 'verify', 'rebuild', 'log reload --from 0 --to 10', 'log share'];
const nameOf = (command: string): string => command.split(' --')[0] ?? command;

let harness: LoadHarness;
let bare: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  bare = await createTestDatabase();
});
beforeEach(async () => {
  await harness.reset();
  await (await harness.openLogWith(recordLine('abc', 5))).close();
});
afterAll(async () => {
  await harness.remove();
  await bare.drop();
});

const run = (command: string, url: string): Promise<ToolEnd> =>
  runTool(command, harness.dataDir(), url);

describe('a database without tables', () => {
  it.each(TOOLS.filter((command) => command !== 'verify'))(
    'is refused with the way to make them: %s',
    async (command) => {
      const { code, stderr, stdout } = await run(command, bare.url);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^${nameOf(command)}: TABLE_MISSING: the database test_`));
      expect(stderr).toMatch(/npm run create_table.*MIGRATIONS_RUN=true.*\n$/);
    },
  );

  it('is refused by verify with the same code', async () => {
    expect(await run('verify', bare.url)).toMatchObject({
      ...{ code: 2, stdout: expect.stringMatching(/^refused, TABLE_MISSING: /) },
    });
  });

  it('keeps nobody from looking at what a new epoch would do', async () => {
    const { code, stderr } = await run('log new-epoch', bare.url);
    expect(code).toBe(2);
    expect(stderr).toMatch(/how far this log is loaded: TABLE_MISSING: /);
    expect(stderr).toContain('--carry-from N');
  });
});

describe('a database that is away', () => {
  it.each(TOOLS)('is told by its place, without the password: %s', async (command) => {
    const { code, stderr } = await run(command, 'postgres://me:s3cret@127.0.0.1:1/revenue');
    expect(code).toBe(3);
    const place = 'the database revenue at 127\\.0\\.0\\.1:1 \\(user me\\) does not answer';
    expect(stderr).toMatch(new RegExp(`^${nameOf(command)}: DATABASE_AWAY: ${place} .*\n$`));
    expect(stderr).not.toContain('s3cret');
  });

  it('is told when it goes while a load waits for it, of which nothing is there', async () => {
    const proxy = await DatabaseProxy.create(harness.database.url);
    await proxy.open();
    const locker = harness.dataSource.createQueryRunner();
    await locker.startTransaction();
    try {
      await locker.query('lock table users_revenue in access exclusive mode');
      const child = await startTool('load', harness.dataDir(), proxy.url);
      const [told, ended] = [text(child.stderr), once(child, 'close')];
      await harness.untilBlocked(1);
      await proxy.close();
      expect(await told).toMatch(/^load: DATABASE_AWAY: .*set DATABASE_URL to where it is/);
      expect(await ended).toEqual([3, null]);
    } finally {
      await locker.rollbackTransaction();
      await locker.release();
      await proxy.close();
    }
    expect(await harness.balances()).toEqual({});
    expect((await run('load', harness.database.url)).code).toBe(0);
    expect(await harness.balances()).toEqual({ abc: '5' });
  });
});

describe('a wrong DATABASE_URL', () => {
  it.each(['load', 'verify', 'rebuild'])('with an unknown database: %s', async (command) => {
    const url = harness.database.url.replace(/test_[0-9a-f]+/, 'nonesuch');
    const { code, stderr } = await run(command, url);
    expect(code).toBe(3);
    expect(stderr).toMatch(/: DATABASE_REFUSED: the database nonesuch at .*3D000.*create it/);
  });

  it('with an unknown role', async () => {
    const url = harness.database.url.replace(/\/\/[^@/]*@/, '//nobody-there@');
    const { code, stderr } = await run('load', url);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^load: DATABASE_REFUSED: .*\(user nobody-there\) refuses: .*DATABASE_URL/,
    );
  });

  it('that is no address', async () => {
    const { code, stderr } = await run('load', 'postgres://me:s3cret@127.0.0.1:99999/revenue');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^load: DATABASE_URL_INVALID: .*postgres:\/\/user:password@host/);
    expect(stderr).not.toContain('s3cret');
  });
});

it('a role without the right to write is refused, and told so', async () => {
  const { url } = harness.database;
  const name = /test_[0-9a-f]+/.exec(url)?.[0] ?? '';
  await queryDatabase(url, `alter database ${name} set default_transaction_read_only = on`);
  try {
    const { code, stderr } = await run('load', url);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^load: DATABASE_REFUSED: .*25006.*DATABASE_URL must name the primary/);
  } finally {
    const sql = `begin read write; alter database ${name} reset default_transaction_read_only; commit`;
    await queryDatabase(url, sql);
  }
});

it('anything else that it says is told with its own words', async () => {
  await harness.dataSource.query(
    `alter table users_revenue add constraint refuse check (user_id <> 'abc')`,
  );
  try {
    const { code, stderr } = await run('load', harness.database.url);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^load: DATABASE_FAILED: .*"refuse".*SQLSTATE 23514/);
  } finally {
    await harness.dataSource.query('alter table users_revenue drop constraint refuse');
  }
});

it('a share that cannot be written is no success, and leaves no file', async () => {
  expect((await run('load', harness.database.url)).code).toBe(0);
  const path = join(harness.directory, 'nonesuch', 'other.share');
  expect(await run(`log share --out ${path}`, harness.database.url)).toMatchObject({
    ...{ code: 3, stdout: '' },
    stderr: expect.stringMatching(
      /^log share: FILE_FAILED: ENOENT.*other\.share\.new'; name a file/,
    ),
  });
  const taken = join(harness.directory, 'taken');
  await writeFile(taken, 'a file');
  expect(await run(`log export --out ${taken}/x`, '')).toMatchObject({
    ...{ code: 3, stderr: expect.stringMatching(/^log export: FILE_FAILED: ENOTDIR/) },
  });
});
