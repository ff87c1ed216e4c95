import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 1 };
const digits = (offset: number): string => String(offset).padStart(20, '0');

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

/** The log begins behind the checkpoint, as when an older database is restored than the retention of the log allows. */
it('a log that was trimmed has an unknown lag, and the status is told, before any tick looks at it', async () => {
  const first = await RunningApplication.start({ databaseUrl: database.url });
  await postEvents(first.serverUrl, EVENT);
  await eventually(
    async () => (await sendRequest(first.serverUrl, '/status')).json.checkpoint?.events === 1,
  );
  await first.stop();
  const staging = join(first.dataDir, 'staging');
  await writeFile(join(staging, `${digits(500)}.share`), 'whatever');
  await writeFile(join(staging, `${digits(500)}.jsonl`), '');
  for (const suffix of ['jsonl', 'sums']) await rm(join(staging, `${digits(0)}.${suffix}`));

  const { dataDir } = first;
  const env = { LOAD_CRON: '0 0 0 29 2 *' };
  const application = await RunningApplication.start({ databaseUrl: database.url, dataDir, env });
  const ask = (path: string) => sendRequest(application.serverUrl, path);
  const { status, json } = await ask('/status');
  expect(status).toBe(200);
  expect(json).toMatchObject({ checkpoint: { events: 1 }, lag: { bytes: null, seconds: null } });
  expect((await ask('/health/ready')).status).toBe(200);
  expect((await ask('/status/live')).status).toBe(200);
  const scrape = await Scrape.of(application.serverUrl);
  expect([scrape.value('lag_bytes'), scrape.value('lag_seconds')]).toEqual([null, null]);
  expect(await application.stop()).toBe(0);
});
