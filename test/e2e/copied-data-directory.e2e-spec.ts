import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let original: string;
let copy: string;

beforeEach(async () => {
  database = await createTestDatabase();
  const directory = await temporaryDirectory();
  original = join(directory, 'original');
  copy = join(directory, 'copy');
  const application = await start(original);
  await add(application, 1);
  await untilBalance(application, '1');
  await application.stop();
  await cp(original, copy, { recursive: true });
});

afterEach(() => database.drop());

it('is found out as LOG_FORKED when it goes on beside the original', async () => {
  const first = await start(original);
  await add(first, 10);
  await untilBalance(first, '11');
  const second = await start(copy);
  await add(second, 20);

  await untilNotReady(second, 'LOG_FORKED');
  expect(await balance(second)).toBe('11');
  await add(first, 100);
  await untilBalance(first, '111');
  const ready = await sendRequest(first.serverUrl, '/health/ready');
  expect(ready.status).toBe(200);
});

it('is found out as LOG_BEHIND_CHECKPOINT when it is an older copy', async () => {
  const first = await start(original);
  await add(first, 10);
  await untilBalance(first, '11');
  await first.stop();

  const restored = await start(copy);
  await untilNotReady(restored, 'LOG_BEHIND_CHECKPOINT');
  expect(await balance(restored)).toBe('11');
  const status = await sendRequest(restored.serverUrl, '/status');
  expect(status.json.lag).toEqual({ bytes: null, seconds: null });
});

it('is refused at the start while another process has it', async () => {
  const first = await start(original);
  const second = await RunningApplication.launch({
    databaseUrl: database.url,
    dataDir: original,
  });
  expect((await second.exit()).code).toBe(1);
  expect(second.stderr).toContain(`${original} is in use by process ${first.pid}`);
});

const start = (dataDir: string): Promise<RunningApplication> =>
  RunningApplication.start({ databaseUrl: database.url, dataDir });

async function add({ serverUrl }: RunningApplication, value: number): Promise<void> {
  const answer = await postEvents(serverUrl, { userId: 'u', name: 'add_revenue', value });
  expect(answer.status).toBe(202);
}

async function balance({ serverUrl }: RunningApplication): Promise<unknown> {
  return (await sendRequest(serverUrl, '/users/u/revenue')).json.revenue;
}

async function untilBalance(application: RunningApplication, revenue: string): Promise<void> {
  await eventually(async () => (await balance(application)) === revenue);
}

async function untilNotReady({ serverUrl }: RunningApplication, code: string): Promise<void> {
  await eventually(async () => {
    const { status, json } = await sendRequest(serverUrl, '/health/ready');
    const failing = json.failing as readonly { readonly code: string }[];
    return status === 503 && failing.some((finding) => finding.code === code);
  });
}
