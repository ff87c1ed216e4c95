import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

async function loadedStatus(): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await sendRequest(application.serverUrl, '/status');
    const { log, checkpoint, lastLoad } = answer.json;
    return checkpoint.offset === log.endOffset && lastLoad?.toOffset === log.endOffset;
  });
  return answer!;
}

describe.each(['server', 'client'] as const)('the listener of the %s', (name) => {
  const url = (): string => (name === 'server' ? application.serverUrl : application.clientUrl);

  it('answers every route', async () => {
    expect((await postEvents(url(), EVENT)).status).toBe(202);
    await loadedStatus();
    const paths = [
      '/status',
      '/status/live',
      '/loads',
      '/users',
      '/users/abc123/revenue',
      '/revenue',
      '/health/live',
      '/health/ready',
    ];
    for (const path of [...paths, '/createTable', '/generateEvents/progress']) {
      const { status, headers } = await sendRequest(url(), path);
      const type = headers['content-type'];
      expect({ path, status, type }).toEqual({
        path,
        status: 200,
        type: expect.stringContaining('application/json'),
      });
    }
    const metrics = await sendRequest(url(), '/metrics');
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    // The file is missing: the route is there all the same.
    expect((await sendRequest(url(), '/generateEvents')).json.code).not.toBe('ROUTE_UNKNOWN');
  });

  it('answers HEAD like GET, without a body', async () => {
    for (const path of ['/status', '/metrics', '/users', '/health/live', '/health/ready']) {
      const { status, text } = await sendRequest(url(), path, { method: 'HEAD' });
      expect({ path, status, text }).toEqual({ path, status: 200, text: '' });
    }
    const unknown = await sendRequest(url(), '/nowhere', { method: 'HEAD' });
    expect(unknown).toMatchObject({ status: 404, text: '' });
  });

  it.each([
    ['GET', '/nowhere'],
    ['GET', '/'.repeat(5)],
    ['GET', '/events/1'],
    ['DELETE', '/users'],
    ['PUT', '/events'],
    ['OPTIONS', '/events'],
  ])('answers %s %s with a problem', async (method, path) => {
    const answer = await sendRequest(url(), path, { method });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toMatchObject({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'ROUTE_UNKNOWN',
    });
  });

  it('does not say what it is built with', async () => {
    const { headers } = await sendRequest(url(), '/status');
    expect(headers).not.toHaveProperty('x-powered-by');
  });
});

describe('a Host header', () => {
  it.each(['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', '127.0.0.1@evil.test', '['])(
    'that is not ours is answered with 421: %s',
    async (host) => {
      const before = (await loadedStatus()).json.log.endOffset as number;
      const read = await sendRequest(application.serverUrl, '/status', { headers: { host } });
      expect({ status: read.status, code: read.json.code }).toEqual({
        status: 421,
        code: 'HOST_NOT_ALLOWED',
      });
      const sent = await postEvents(application.serverUrl, EVENT, { host });
      expect(sent.status).toBe(421);
      expect((await loadedStatus()).json.log.endOffset).toBe(before);
    },
  );

  it.each(['localhost', 'LOCALHOST:1234', '127.0.0.1', '[::1]', '[::1]:8000'])(
    'that is ours is answered: %s',
    async (host) => {
      const answer = await sendRequest(application.serverUrl, '/status', { headers: { host } });
      expect(answer.status).toBe(200);
    },
  );

  it('may be any for a health check, which a balancer sends by address', async () => {
    const headers = { host: '10.0.0.7:8000' };
    const answer = await sendRequest(application.serverUrl, '/health/ready', { headers });
    expect(answer.json).toEqual({ status: 'ready', failing: [], degraded: [] });
  });
});

describe('the status', () => {
  it('says how far log, loads and database are', async () => {
    await postEvents(application.serverUrl, EVENT);
    const { json } = await loadedStatus();
    const { endOffset } = json.log;
    const number = expect.any(Number);
    expect(json).toEqual({
      log: { endOffset, segments: 1, bytes: endOffset },
      checkpoint: { offset: endOffset, timestamp: number, events: number },
      lag: { bytes: 0, seconds: 0 },
      lastLoad: {
        fromOffset: number,
        toOffset: endOffset,
        events: number,
        users: 1,
        inserted: number,
        updated: number,
        deadLetters: 0,
        durationMs: number,
        committedAt: expect.stringMatching(/Z$/),
      },
      deadLetters: 0,
    });
    expect(endOffset).toBeGreaterThan(0);
    expect(Math.abs(Date.now() - Number(json.checkpoint.timestamp))).toBeLessThan(60_000);
  });
});
