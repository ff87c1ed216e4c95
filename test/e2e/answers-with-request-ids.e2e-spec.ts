import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { rawExchange } from '../support/raw-exchange.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const MADE = /^[\w.-]{1,64}$/;

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

describe('an answer', () => {
  it.each([
    ['POST', '/events', 202],
    ['POST', '/Events/', 202],
    ['GET', '/status', 200],
    ['HEAD', '/status', 200],
    ['GET', '/health/ready', 200],
    ['GET', '/users/nobody/revenue', 404],
    ['GET', '/users?limit=0', 400],
    ['GET', '/generateEvents/progress', 200],
    ['GET', '/nowhere', 404],
    ['PUT', '/createTable', 405],
    ['HEAD', '/generateEvents', 405],
    ['GET', '/users?userId=%ff', 400],
  ])('to %s %s has the id that was sent, or one of its own', async (method, path, status) => {
    const body = method === 'POST' ? EVENT : undefined;
    const ids = [];
    for (const id of ['mine-1', 'not "mine"', undefined, undefined]) {
      const headers = id === undefined ? {} : { 'X-Request-Id': id };
      const answer = await sendRequest(application.serverUrl, path, { method, headers, body });
      expect(answer.status).toBe(status);
      ids.push(answer.headers['x-request-id']);
    }
    expect(ids[0]).toBe('mine-1');
    for (const id of ids) expect(id).toMatch(MADE);
    expect(new Set(ids).size).toBe(4);
  });
});

const LONG = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}`;
const END = 'Connection: close\r\n\r\n';

describe('what is no request', () => {
  it.each([
    { sent: 'garbage\r\n\r\n', status: 400, code: 'HTTP_INVALID' },
    { sent: LONG, status: 431, code: 'HEADERS_TOO_LARGE' },
    { sent: `GET / HTTP/1.1\r\n${END}`, status: 400, code: 'HOST_MISSING' },
    {
      sent: `GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n${END}`,
      status: 417,
      code: 'EXPECTATION_UNSUPPORTED',
    },
  ])('is answered with a problem, and a line in the log: $code', async ({ sent, status, code }) => {
    await expectProblem(application, { sent, status, code });
  });

  it('is answered so, too, when it does not come to an end in time', async () => {
    // Of its own: no other answer depends on how fast it is asked for.
    const env = { HEADERS_SECONDS_MAX: '1' };
    const hasty = await RunningApplication.start({ databaseUrl: database.url, env });
    const sent = 'GET / HTTP/1.1\r\nHost: loc';
    await expectProblem(hasty, { sent, status: 408, code: 'HEADERS_TOO_SLOW' });
    await hasty.kill();
  });
});

async function expectProblem(
  of: RunningApplication,
  { sent, status, code }: { sent: string; status: number; code: string },
): Promise<void> {
  const answer = await rawExchange(of.serverUrl, [sent]);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('Content-Type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, code });
  const id = /^X-Request-Id: (.+)$/m.exec(head)?.[1]?.trim();
  expect(id).toMatch(MADE);
  await eventually(() => of.stdout.includes(`"requestId":"${id}"`));
}
