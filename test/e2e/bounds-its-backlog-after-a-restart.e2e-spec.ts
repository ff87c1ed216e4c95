import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 1 };

let database: TestDatabase;
let proxy: DatabaseProxy;
let dataDir: string;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.create(database.url);
  await proxy.open();
  dataDir = join(await temporaryDirectory(), 'data');
});
afterEach(async () => {
  await proxy.close();
  await database.drop();
});

const start = (): Promise<RunningApplication> =>
  RunningApplication.start({
    ...{ databaseUrl: proxy.url, dataDir },
    env: { BACKLOG_BYTES_MAX: '1000' },
  });

it('refuses events with a long backlog while the database is away, after a restart, too', async () => {
  const first = await start();
  expect((await postEvents(first.serverUrl, EVENT)).status).toBe(202);
  const lag = async (): Promise<unknown> =>
    (await sendRequest(first.serverUrl, '/status')).json.lag.bytes;
  await eventually(async () => (await lag()) === 0);
  await proxy.close();
  let accepted = 1;
  for (;;) {
    const { status, json } = await postEvents(first.serverUrl, EVENT);
    if (status === 202) {
      accepted += 1;
      continue;
    }
    expect([status, json.code]).toEqual([503, 'BACKLOG_FULL']);
    break;
  }
  expect(await first.stop()).toBe(0);

  const second = await start();
  const refused = await postEvents(second.serverUrl, EVENT);
  expect([refused.status, refused.json.code]).toEqual([503, 'BACKLOG_FULL']);
  const ready = await sendRequest(second.serverUrl, '/health/ready');
  expect(ready.status).toBe(503);
  await second.kill();

  const third = await start();
  expect((await postEvents(third.serverUrl, EVENT)).json.code).toBe('BACKLOG_FULL');
  await proxy.open();
  await eventually(async () => (await postEvents(third.serverUrl, EVENT)).status === 202);
  const balance = async (): Promise<unknown> =>
    (await sendRequest(third.serverUrl, '/users/abc123/revenue')).json.revenue;
  await eventually(async () => (await balance()) === String(accepted + 1));
  expect(await third.stop()).toBe(0);
});
