import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 1 };
/** Far above what is bounded to 2 s each, far below the minute of a query and the 33 s that end a shutdown. */
const SOON_MS = 25_000;

describe('with a database that hangs', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let application: RunningApplication;
  const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.create(database.url);
    await proxy.open();
    const env = { LAG_SECONDS_MAX: '1', DRAIN_TIMEOUT_MS: '1000' };
    application = await RunningApplication.start({ databaseUrl: proxy.url, env });
    await postEvents(application.serverUrl, EVENT);
    await eventually(async () => (await get('/users/abc123/revenue')).json.revenue === '1');
    proxy.hang();
  });
  afterAll(async () => {
    await application.kill();
    await proxy.close();
    await database.drop();
  });

  it('events are accepted', async () => {
    expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
  });

  it('the status answers, each time, with what is known', async () => {
    const started = performance.now();
    for (let call = 0; call < 3; call += 1) {
      const { status, json } = await get('/status');
      expect(status).toBe(200);
      expect(json).toMatchObject({ checkpoint: { events: 1 }, deadLetters: null });
      expect(json.lag.bytes).toBeGreaterThan(0);
    }
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  it('readiness says that it is ready, and lags', async () => {
    await eventually(async () => {
      const { status, json } = await get('/health/ready');
      const codes = (json.degraded as { code: string }[]).map(({ code }) => code);
      return status === 200 && codes.includes('LAG');
    });
  });

  it('it stops with 0, and soon', async () => {
    const started = performance.now();
    expect(await application.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });
});
