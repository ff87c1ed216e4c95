import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { rawExchange } from '../support/raw-exchange.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const CONNECTIONS_MAX = 5;
const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    HEADERS_SECONDS_MAX: '1',
    BODY_IDLE_SECONDS_MAX: '1',
    BODY_BYTES_PER_SECOND_MIN: '100',
    CONNECTIONS_MAX: `${CONNECTIONS_MAX}`,
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const headOf = (path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
/** Of senders at once: most of what this takes is waiting. */
const answersTo = (senders: Parameters<typeof rawExchange>[1][]): Promise<string[]> =>
  Promise.all(senders.map((steps) => rawExchange(application.serverUrl, steps)));
const JSON_TYPE = 'Content-Type: application/json';
const NDJSON_TYPE = 'Content-Type: application/x-ndjson';

describe('a sender', () => {
  it('that does not end its headers is answered with 408, and so is one that sends nothing', async () => {
    const senders = [[], ['POST /events HTT'], [`${headOf('/events', JSON_TYPE).trim()}\r\n`]];
    for (const answer of await answersTo(senders)) expect(answer).toContain('HEADERS_TOO_SLOW');
  });

  it.each([
    ['/events', JSON_TYPE],
    ['/events', NDJSON_TYPE],
    ['/deadLetters/1/resubmit', JSON_TYPE],
  ])('that holds the body of %s back is answered with 408 and cut: %s', async (path, type) => {
    const before = await storedRecords(application);
    const trickle = Array.from({ length: 40 }, () => [' ', 100]).flat();
    const head = headOf(path, type, 'Content-Length: 100000');
    for (const answer of await answersTo([[head], [head, '{"user'], [head, ...trickle]])) {
      expect(answer).toContain('HTTP/1.1 408 ');
      expect(answer).toContain('BODY_TOO_SLOW');
    }
    expect(await storedRecords(application)).toEqual(before);
  });

  it('that says more than it sends behind a refusal has the answer, and no connection for it', async () => {
    const senders = [100, 100_000_000].map((length) => [
      headOf('/nowhere', `Content-Length: ${length}`),
      'abc',
    ]);
    for (const answer of await answersTo(senders)) expect(answer).toContain('ROUTE_UNKNOWN');
  });

  it('whose long body is refused gets the answer, not a reset', async () => {
    const chunk = Buffer.alloc(100_000, ' ');
    const steps = [headOf('/nowhere', 'Content-Length: 900000'), ...Array<Buffer>(9).fill(chunk)];
    const answer = await rawExchange(application.serverUrl, steps);
    expect(answer).toContain('Connection: close');
    expect(answer).toContain('ROUTE_UNKNOWN');
  });

  it('that breaks the framing of a body hears so, on every route', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit']) {
      const head = headOf(path, JSON_TYPE, 'Transfer-Encoding: chunked');
      const answer = await rawExchange(application.serverUrl, [head, '3\r\n{"u\r\nno number\r\n']);
      expect(answer).toContain('HTTP/1.1 400 ');
      expect(answer).toContain('BODY_INCOMPLETE');
    }
  });

  it('that ends in the middle of a body hears so', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit']) {
      const steps = [headOf(path, JSON_TYPE, 'Content-Length: 1000'), EVENT, null];
      expect(await rawExchange(application.serverUrl, steps)).toContain('BODY_INCOMPLETE');
    }
  });
});

describe('a sender that waits to be asked for its body', () => {
  const expecting = [
    'Expect: 100-continue',
    `Content-Length: ${EVENT.length}`,
    'Connection: close',
  ];

  it('is asked once it was let in', async () => {
    const steps = [headOf('/events', JSON_TYPE, ...expecting), 100, EVENT];
    const answer = await rawExchange(application.serverUrl, steps);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
  });

  it('is not asked when it was not', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit', '/nowhere']) {
      const head = headOf(path, JSON_TYPE, 'Origin: http://evil.test', ...expecting);
      const answer = await rawExchange(application.serverUrl, [head]);
      expect(answer).toMatch(path === '/nowhere' ? /^HTTP\/1\.1 404 / : /^HTTP\/1\.1 403 /);
      expect(answer).not.toContain('100 Continue');
    }
  });
});

describe('the connections of a listener', () => {
  it('are bounded: one more is closed at once, and there is room again when others end', async () => {
    const { hostname, port } = new URL(application.serverUrl);
    const open: Socket[] = [];
    for (let i = 0; i < CONNECTIONS_MAX; i += 1) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      await once(socket, 'connect');
      open.push(socket);
    }
    await expect(sendRequest(application.serverUrl, '/health/live')).rejects.toThrow();
    // The other listener has its own.
    expect((await sendRequest(application.clientUrl, '/health/live')).status).toBe(200);
    for (const socket of open) socket.destroy();
    await eventually(async () => (await postEvents(application.serverUrl, EVENT)).status === 202);
  });
});
