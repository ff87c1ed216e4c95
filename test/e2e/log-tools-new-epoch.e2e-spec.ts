import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { runLogTool, runVerifyTool, type ToolEnd } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let directory: string;
let original: string;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await temporaryDirectory();
  original = join(directory, 'original');
  const application = await start(original);
  await send(application, 'first', 1);
  await untilBalance(application, '1');
  await application.stop();
});

afterEach(() => database.drop());

const start = (dataDir: string): Promise<RunningApplication> =>
  RunningApplication.start({ databaseUrl: database.url, dataDir });

async function send(application: RunningApplication, id: string, value: number): Promise<void> {
  const event = { id, userId: 'u', name: 'add_revenue', value };
  expect((await postEvents(application.serverUrl, event)).status).toBe(202);
}

const untilBalance = (application: RunningApplication, revenue: string): Promise<void> =>
  eventually(async () => {
    const { json } = await sendRequest(application.serverUrl, '/users/u/revenue');
    return json.revenue === revenue;
  });

const log = (dataDir: string, ...args: readonly string[]): Promise<ToolEnd> =>
  runLogTool({ dataDir, databaseUrl: database.url }, ...args);

const verify = (dataDir: string, ...args: readonly string[]): Promise<ToolEnd> =>
  runVerifyTool({ dataDir, databaseUrl: database.url }, ...args);

it('goes on from an older copy: what it took since is loaded once, and no retry is counted', async () => {
  const copy = join(directory, 'copy');
  await cp(original, copy, { recursive: true });
  const lost = await start(original);
  await send(lost, 'lost', 10);
  await untilBalance(lost, '11');
  await lost.stop();

  const copiedAt = Date.now();
  const restored = await start(copy);
  await send(restored, 'since', 100);
  await restored.stop();
  const asked = await log(copy, 'new-epoch');
  expect(asked.code).toBe(2);
  expect(asked.stderr).toMatch(/LOG_FORKED|LOG_BEHIND_CHECKPOINT/);
  const found = await log(copy, 'inspect', '--json', '--since', String(copiedAt));
  const { offset, line } = JSON.parse(found.stdout) as { offset: number; line: string };
  expect(line).toContain('"since"');
  const begun = await log(copy, 'new-epoch', '--carry-from', String(offset), '--reason', 'a test');
  expect(begun.code).toBe(0);

  const application = await start(copy);
  await untilBalance(application, '111');
  for (const [id, value] of [
    ['first', 1],
    ['since', 100],
  ] as const) {
    const event = { id, userId: 'u', name: 'add_revenue', value };
    const { json } = await postEvents(application.serverUrl, event);
    expect(JSON.stringify(json)).toContain('duplicate');
  }
  await send(application, 'next', 1_000);
  await untilBalance(application, '1111');

  const refused = await verify(copy);
  expect(refused).toMatchObject({ code: 2, stdout: expect.stringContaining('OTHER_LOGS') });
  // The copy does not hold what is missing, and the original tells it, once it is found.
  const aside = (await readdir(copy)).find((name) => name.startsWith('staging.'))!;
  expect((await log(copy, 'share', '--log', join(copy, aside))).code).toBe(2);
  const share = join(directory, 'original.share');
  const ofOriginal = ['share', '--log', join(original, 'staging'), '--out', share];
  expect((await log(copy, ...ofOriginal)).code).toBe(0);
  expect(await verify(copy, '--share', share)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('exact'),
  });
  await application.stop();
  expect((await log(copy, 'verify')).code).toBe(0);
  expect((await log(copy, 'verify', '--log', join(copy, aside))).code).toBe(0);
});

it('carries nothing twice of a log that is loaded, and tells the share of the one put aside', async () => {
  const refused = await log(original, 'new-epoch', '--carry-from', '0');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('counted twice');
  expect((await readdir(original)).filter((name) => name.startsWith('staging'))).toEqual([
    'staging',
  ]);
  expect((await log(original, 'new-epoch', '--carry-nothing')).code).toBe(0);
  const epoch = JSON.parse(await readFile(join(original, 'staging/epoch.json'), 'utf8')) as {
    setAside: string;
  };
  const application = await start(original);
  await send(application, 'next', 5);
  await untilBalance(application, '6');
  const share = join(directory, 'aside.share');
  const options = ['--log', join(original, epoch.setAside), '--out', share];
  expect((await log(original, 'share', ...options)).code).toBe(0);
  expect((await verify(original, '--share', share)).code).toBe(0);
  await application.stop();
  expect((await log(original, 'share', ...options)).code).toBe(0);
  expect((await verify(original, '--share', share)).code).toBe(0);
});
