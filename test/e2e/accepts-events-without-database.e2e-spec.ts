import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { knownStatus } from '../support/known-status.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 0.1 };

describe('with a database that is away', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let application: RunningApplication;
  const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.create(database.url);
    // Long enough to be told from a stop that waits for nothing.
    const env = { DRAIN_TIMEOUT_MS: '60000' };
    application = await RunningApplication.start({ databaseUrl: proxy.url, env });
  });
  afterAll(async () => {
    await application.kill();
    await proxy.close();
    await database.drop();
  });

  async function balanceBecomes(revenue: string): Promise<void> {
    await eventually(async () => (await get('/users/abc123/revenue')).json.revenue === revenue);
  }

  it('from the start, events are accepted', async () => {
    for (let count = 0; count < 3; count += 1) {
      expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    }
    expect(application.stdout).toContain('not there yet');
  });

  it('what only the database knows is unknown, never 0', async () => {
    const { status, json } = await get('/status');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      log: { endOffset: expect.any(Number), segments: 1 },
      checkpoint: null,
      lag: { bytes: null, seconds: null },
      lastLoad: null,
      deadLetters: null,
    });
    expect(json.log.endOffset).toBeGreaterThan(0);
  });

  it('it is ready, and says that it is degraded', async () => {
    const { status, json } = await get('/health/ready');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 'ready',
      failing: [],
      degraded: [{ part: 'database', code: 'DATABASE_AWAY' }],
    });
  });

  it.each(['/users', '/users/abc123/revenue', '/users?order=-revenue', '/createTable'])(
    'the answer to %s is 503 with Retry-After, and shows no connection string',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(503);
      expect(answer.json.code).toBe('DATABASE_AWAY');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.text).not.toContain('postgres://');
    },
  );

  it('loads catch up when the database comes', async () => {
    await proxy.open();
    await balanceBecomes('0.3');
    const status = await knownStatus(application.serverUrl);
    expect(status).toMatchObject({ lag: { bytes: 0, seconds: 0 }, deadLetters: 0 });
    await eventually(async () => (await get('/health/ready')).json.degraded.length === 0);
  });

  it('when it goes later, events are accepted, and loads catch up again', async () => {
    await proxy.close();
    for (let count = 0; count < 4; count += 1) {
      expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    }
    expect((await get('/users')).json.code).toBe('DATABASE_AWAY');
    expect((await get('/status')).status).toBe(200);
    expect((await get('/health/ready')).json.status).toBe('ready');

    await proxy.open();
    await balanceBecomes('0.7');
  });

  it('it stops at once all the same', async () => {
    await proxy.close();
    await postEvents(application.serverUrl, EVENT);
    const begun = Date.now();
    expect(await application.stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(30_000);
  });
});
