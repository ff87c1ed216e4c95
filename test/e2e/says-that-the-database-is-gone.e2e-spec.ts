import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench } from '../integration/embedded-postgres/support.js';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Finding {
  readonly part: string;
  readonly code: string;
  readonly message: string;
}

/** No tick comes by while a test runs: what readiness says, it has found out by itself. */
const NO_LOADS = '0 0 0 29 2 *';
const EVENT = { userId: 'abc123', name: 'add_revenue', value: 1 };

let application: RunningApplication;
const ready = async (): Promise<{ status: number; failing: Finding[]; degraded: Finding[] }> => {
  const { status, json } = await sendRequest(application.serverUrl, '/health/ready');
  return { ...(json as { failing: Finding[]; degraded: Finding[] }), status };
};
async function untilAway(): Promise<Finding> {
  await eventually(async () => (await ready()).degraded.length > 0, 60_000);
  const { status, failing, degraded } = await ready();
  expect([status, failing]).toEqual([200, []]);
  expect(degraded).toMatchObject([{ part: 'database', code: 'DATABASE_AWAY' }]);
  return degraded[0]!;
}
const untilBack = (): Promise<void> =>
  eventually(async () => (await ready()).degraded.length === 0, 60_000);

describe('a database that goes away later', () => {
  let server: EmbeddedWorkbench;
  beforeEach(async () => void (server = await EmbeddedWorkbench.open()));
  afterEach(async () => {
    await application.kill();
    await server.close();
  });

  it('is told by readiness, without a load that fails, until it is back', async () => {
    const postgres = await server.start();
    const env = { LOAD_CRON: NO_LOADS };
    application = await RunningApplication.start({ databaseUrl: postgres.url, env });
    expect(await ready()).toMatchObject({ status: 200, failing: [], degraded: [] });
    await postgres.stop();
    const { message } = await untilAway();
    expect(message).toMatch(/ENOENT|ECONNREFUSED|terminat|shutting down/);
    expect(message).not.toContain('postgres://');
    expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    expect((await server.start()).url).toBe(postgres.url);
    await untilBack();
  });
});

describe('a database that hangs', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  beforeEach(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.create(database.url);
    await proxy.open();
  });
  afterEach(async () => {
    await application.kill();
    await proxy.close();
    await database.drop();
  });

  it.each([
    ['between two loads', NO_LOADS],
    ['in a load, which waits for it', '* * * * * *'],
  ])('is told as away, as metrics do: %s', async (_, cron) => {
    const env = { LOAD_CRON: cron };
    application = await RunningApplication.start({ databaseUrl: proxy.url, env });
    await eventually(async () => (await ready()).degraded.length === 0);
    proxy.hang();
    expect((await untilAway()).message).toBe('no answer within 1 s');
    const scrape = await Scrape.of(application.serverUrl);
    expect([scrape.value('database_up'), scrape.value('ready')]).toEqual([0, 1]);
    // The page is told the same.
    const live = await sendRequest(application.serverUrl, '/status/live');
    expect(live.json.readiness.degraded).toMatchObject([{ code: 'DATABASE_AWAY' }]);
  });
});
