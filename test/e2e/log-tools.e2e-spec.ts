import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { queryDatabase } from '../support/query-database.js';
import { pipeLogTool, runLogTool, type ToolEnd } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENTS = 4_000;
const PER_REQUEST = 500;

let database: TestDatabase;
let application: RunningApplication;
let staging: string;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await start();
  staging = join(application.dataDir, 'staging');
  for (let sent = 0; sent < EVENTS; sent += PER_REQUEST) {
    const events = Array.from({ length: PER_REQUEST }, (_, n) => ({
      ...{ id: `event ${sent + n}`, userId: `user-${n % 10}` },
      ...{ name: 'add_revenue', value: 0.25 },
    }));
    expect((await postEvents(application.serverUrl, events)).status).toBe(202);
  }
  await untilLoaded();
});

afterAll(() => database.drop());

async function start(dataDir?: string): Promise<RunningApplication> {
  return RunningApplication.start({
    databaseUrl: database.url,
    ...(dataDir === undefined ? {} : { dataDir }),
    env: { SEGMENT_BYTES_MAX: '100000' },
  });
}

async function untilLoaded(): Promise<void> {
  await eventually(async () => {
    const { json } = await sendRequest(application.serverUrl, '/status');
    return json.lag.bytes === 0;
  });
}

const place = (): { dataDir: string; databaseUrl: string } => ({
  dataDir: application.dataDir,
  databaseUrl: database.url,
});
const log = (...args: readonly string[]): Promise<ToolEnd> => runLogTool(place(), ...args);
const segments = async (): Promise<string[]> =>
  (await readdir(staging)).filter((name) => name.endsWith('.jsonl')).sort();

async function logBytes(): Promise<string> {
  const names = await segments();
  return (await Promise.all(names.map((name) => readFile(join(staging, name), 'utf8')))).join('');
}

describe('npm run log beside the running application', () => {
  it('verifies, inspects, exports and tells the share', async () => {
    expect((await segments()).length).toBeGreaterThan(2);
    expect(await log('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^sound: /m),
    });
    const inspected = await log('inspect', '--json');
    const bytes = await logBytes();
    expect(inspected.code).toBe(0);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      ...{ start: 0, end: bytes.length, checkpoint: { offset: bytes.length } },
    });
    expect(await log('export')).toMatchObject({ code: 0, stdout: bytes });
    const share = await log('share');
    expect(share.code).toBe(0);
    expect(share.stdout).toContain('["user-3","100');
    const file = join(await temporaryDirectory(), 'a.share');
    expect(await log('share', '--out', file)).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(file, 'utf8')).toBe(share.stdout);
  });

  it('finds records by offset and by time', async () => {
    const bytes = await logBytes();
    const second = bytes.indexOf('\n') + 1;
    const line = bytes.slice(second, bytes.indexOf('\n', second));
    const found = { code: 0, stdout: `offset ${second}\n${line}\n` };
    expect(await log('inspect', '--offset', '5')).toMatchObject(found);
    const first = JSON.parse(bytes.slice(0, second)) as { timestamp: number };
    const since = await log('inspect', '--json', '--since', String(first.timestamp));
    expect(JSON.parse(since.stdout)).toMatchObject({ offset: 0, next: second });
    expect((await log('inspect', '--since', '2999-01-01')).code).toBe(1);
  });

  it('refuses what needs the application stopped, and tells what there is to choose from', async () => {
    for (const args of [['repair'], ['new-epoch', '--carry-nothing']]) {
      const { code, stderr } = await log(...args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(stderr).toContain(`in use by process ${application.pid}`);
    }
    const { code, stderr } = await log('new-epoch');
    expect(code).toBe(2);
    expect(stderr).toContain('--carry-from N');
    expect(stderr).toMatch(/the database has loaded this log up to \d+/);
  });

  it('ends quietly when nobody reads on', async () => {
    const bytes = await logBytes();
    const head = await pipeLogTool(place(), '| head -n 1', 'export');
    expect(head).toEqual({ code: 0, stdout: bytes.slice(0, bytes.indexOf('\n') + 1), stderr: '' });
    expect(await pipeLogTool(place(), '| true', 'inspect')).toMatchObject({ code: 0, stderr: '' });
  });

  it('does not write behind lines that npm wrote to a file', async () => {
    const file = join(await temporaryDirectory(), 'share');
    await writeFile(file, '\n> npm\n');
    for (const command of ['share', 'export']) {
      const { code, stderr } = await pipeLogTool(place(), `>> ${file}`, command);
      expect({ command, code }).toEqual({ command, code: 2 });
      expect(stderr).toContain('npm run -s');
    }
    expect(await readFile(file, 'utf8')).toBe('\n> npm\n');
  });

  it('refuses arguments that make no sense', async () => {
    for (const args of [
      [],
      ['bogus'],
      ['verify', '--all'],
      ['inspect', '--offset', '-1'],
      ['inspect', '--since', 'yesterday'],
      ['inspect', '--offset', '0', '--since', '0'],
      ['export', '--from', 'a'],
      ['reload'],
      ['reload', '--from', '5', '--to', '5'],
      ['new-epoch', '--carry-from', '0', '--carry-nothing'],
    ]) {
      const { code, stderr } = await log(...args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(stderr).toContain('usage: npm run log');
    }
    const { code, stderr } = await log('export', '--to', '3');
    expect(code).toBe(2);
    expect(stderr).toMatch(/0 and \d+ are the nearest/);
  });
});

describe('npm run log with the application stopped', () => {
  let damaged: string;
  let original: Buffer;
  beforeAll(async () => {
    expect(await application.stop()).toBe(0);
    damaged = join(staging, (await segments())[1]!);
    original = await readFile(damaged);
  });

  it('verifies a sound log, of which repair changes nothing', async () => {
    expect((await log('verify')).code).toBe(0);
    const before = await logBytes();
    expect((await log('repair')).code).toBe(0);
    expect(await logBytes()).toBe(before);
    expect((await log('export')).stdout).toBe(before);
  });

  it('finds damage, leaves it out of an export, and cannot repair it', async () => {
    const changed = Buffer.from(original);
    changed[1_000] = changed[1_000]! ^ 1;
    await writeFile(damaged, changed);
    const verified = await log('verify');
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain(damaged);
    const exported = await log('export');
    expect(exported.code).toBe(1);
    expect(exported.stderr).toContain('BLOCK_CORRUPT');
    expect(exported.stdout.length).toBeLessThan((await logBytes()).length);
    expect((await log('repair')).code).toBe(1);
    expect((await readFile(damaged)).equals(changed)).toBe(true);
    expect((await log('share')).code).toBe(2);
  });

  it('takes a restored range in once, of a database that never had it', async () => {
    await queryDatabase(
      database.url,
      'truncate users_revenue, load_checkpoint, dead_letters restart identity',
    );
    application = await start(application.dataDir);
    await untilLoaded();
    const [row] = await queryDatabase(database.url, 'select "offset", length from dead_letters');
    const from = String(row?.['offset']);
    const range = ['--from', from, '--to', String(Number(from) + Number(row?.['length']))];
    expect((await log('reload', ...range)).code).toBe(2);
    await writeFile(damaged, original);
    expect((await log('verify')).code).toBe(0);
    expect(await log('reload', ...range)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('reloaded '),
    });
    expect((await log('reload', ...range)).code).toBe(1);
    const { json } = await sendRequest(application.serverUrl, '/users/user-3/revenue');
    expect(json.revenue).toBe('100');
    expect(await application.stop()).toBe(0);
  });

  it('fails where there is no log', async () => {
    const dataDir = await temporaryDirectory();
    const { code, stderr } = await runLogTool({ dataDir }, 'verify');
    expect(code).toBe(3);
    expect(stderr).toContain('DATA_DIR');
    expect(await readdir(dataDir)).toEqual([]);
  });
});
