import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { runLogTool, runVerifyTool, type ToolEnd } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

const start = (dataDir: string): Promise<RunningApplication> =>
  RunningApplication.start({ databaseUrl: database.url, dataDir });

async function add(to: RunningApplication, value: number, id?: string): Promise<void> {
  const answer = await postEvents(to.serverUrl, { id, userId: 'u', name: 'add_revenue', value });
  expect(answer.status).toBe(202);
}

const untilBalance = ({ serverUrl }: RunningApplication, revenue: string): Promise<void> =>
  eventually(
    async () => (await sendRequest(serverUrl, '/users/u/revenue')).json.revenue === revenue,
  );

/** As docs/operations.md does it with jq. */
const asEvents = (lines: string): string =>
  lines
    .trimEnd()
    .split('\n')
    .map((line, at) => {
      const { timestamp, id, ...event } = JSON.parse(line) as Record<string, unknown>;
      expect(typeof timestamp).toBe('number');
      return `${JSON.stringify({ ...event, id: id ?? `copy:${at + 1}` })}\n`;
    })
    .join('');

it('what a copy has acknowledged while it was not ready gets into the right log, once', async () => {
  const directory = await temporaryDirectory();
  const [right, copy] = [join(directory, 'right'), join(directory, 'copy')];
  const before = await start(right);
  await add(before, 1);
  await untilBalance(before, '1');
  await before.stop();
  await cp(right, copy, { recursive: true });
  const original = await start(right);
  await add(original, 10);
  await untilBalance(original, '11');

  const startedAt = String(Date.now());
  const copied = await start(copy);
  await eventually(
    async () => (await sendRequest(copied.serverUrl, '/health/ready')).status === 503,
  );
  await add(copied, 100);
  await add(copied, 1_000, 'both');
  await add(original, 1_000, 'both');
  await copied.stop();

  const log = (...args: string[]): Promise<ToolEnd> =>
    runLogTool({ dataDir: copy, databaseUrl: database.url }, ...args);
  const found = await log('inspect', '--json', '--since', startedAt);
  const { offset } = JSON.parse(found.stdout) as { offset: number };
  const there = await log(
    'inspect',
    '--json',
    '--offset',
    `${offset}`,
    '--log',
    `${right}/staging`,
  );
  expect(JSON.parse(there.stdout)).toMatchObject({ line: expect.stringContaining('"value":10}') });
  const exported = await log('export', '--from', String(offset));
  const body = asEvents(exported.stdout);
  const headers = { 'Content-Type': 'application/x-ndjson' };
  const send = (): Promise<Answer> =>
    sendRequest(original.serverUrl, '/events', { method: 'POST', headers, body });
  expect((await send()).json).toEqual({ accepted: 1, duplicates: 1, rejected: [] });
  expect((await send()).json).toEqual({ accepted: 0, duplicates: 2, rejected: [] });
  await untilBalance(original, '1111');
  const verified = await runVerifyTool({ dataDir: right, databaseUrl: database.url });
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('exact') });
  expect(await original.stop()).toBe(0);
});
