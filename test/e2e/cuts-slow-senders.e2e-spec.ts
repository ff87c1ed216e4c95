import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { rawExchange, type Step } from '../support/raw-exchange.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const CONNECTIONS_MAX = 5;
const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';

let database: TestDatabase;
/** Cuts slow senders soon; headers have more time than bodies, since a head may wait to be read. */
let hasty: RunningApplication;
/** With the time-outs of the defaults: what it answers does not depend on how fast a sender is. */
let patient: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const start = (env: Record<string, string>): Promise<RunningApplication> =>
    RunningApplication.start({ databaseUrl: database.url, env });
  hasty = await start({
    HEADERS_SECONDS_MAX: '4',
    BODY_IDLE_SECONDS_MAX: '1',
    BODY_BYTES_PER_SECOND_MIN: '100',
  });
  patient = await start({ CONNECTIONS_MAX: `${CONNECTIONS_MAX}` });
});
afterAll(() => database.drop());

const headOf = (path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
/** To senders at once: most of what this takes is waiting. */
const answersTo = (of: RunningApplication, senders: readonly (readonly Step[])[]) =>
  Promise.all(senders.map((steps) => rawExchange(of.serverUrl, steps)));
const JSON_TYPE = 'Content-Type: application/json';
const NDJSON_TYPE = 'Content-Type: application/x-ndjson';

describe('a sender', () => {
  it('that does not end its headers is answered with 408, and so is one that sends nothing', async () => {
    const senders = [[], ['POST /events HTT'], [`${headOf('/events', JSON_TYPE).trim()}\r\n`]];
    for (const answer of await answersTo(hasty, senders)) {
      expect(answer).toContain('HEADERS_TOO_SLOW');
    }
  });

  it.each([
    ['/events', JSON_TYPE],
    ['/events', NDJSON_TYPE],
    ['/deadLetters/1/resubmit', JSON_TYPE],
  ])('that holds the body of %s back is answered with 408 and cut: %s', async (path, type) => {
    const before = await storedRecords(hasty);
    const trickle = Array.from({ length: 40 }, () => [' ', 100]).flat();
    const head = headOf(path, type, 'Content-Length: 100000');
    const steps = [[head], [head, '{"user'], [head, ...trickle]];
    for (const answer of await answersTo(hasty, steps)) {
      expect(answer).toContain('HTTP/1.1 408 ');
      expect(answer).toContain('BODY_TOO_SLOW');
    }
    expect(await storedRecords(hasty)).toEqual(before);
  });

  it('that says more than it sends behind a refusal has the answer, and no connection for it', async () => {
    const senders = [100, 100_000_000].map((length) => [
      headOf('/nowhere', `Content-Length: ${length}`),
      'abc',
    ]);
    for (const answer of await answersTo(patient, senders)) {
      expect(answer).toContain('ROUTE_UNKNOWN');
    }
  });

  it('whose long body is refused gets the answer, not a reset', async () => {
    const chunk = Buffer.alloc(100_000, ' ');
    const steps = [headOf('/nowhere', 'Content-Length: 900000'), ...Array<Buffer>(9).fill(chunk)];
    const answer = await rawExchange(patient.serverUrl, steps);
    expect(answer).toContain('Connection: close');
    expect(answer).toContain('ROUTE_UNKNOWN');
  });

  it('that breaks the framing of a body hears so, on every route', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit']) {
      const head = headOf(path, JSON_TYPE, 'Transfer-Encoding: chunked');
      const answer = await rawExchange(patient.serverUrl, [head, '3\r\n{"u\r\nno number\r\n']);
      expect(answer).toContain('HTTP/1.1 400 ');
      expect(answer).toContain('BODY_INCOMPLETE');
    }
  });

  it('that ends in the middle of a body hears so', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit']) {
      const steps = [headOf(path, JSON_TYPE, 'Content-Length: 1000'), EVENT, null];
      expect(await rawExchange(patient.serverUrl, steps)).toContain('BODY_INCOMPLETE');
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
    const answer = await rawExchange(patient.serverUrl, steps);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
  });

  it('is not asked when it was not', async () => {
    for (const path of ['/events', '/deadLetters/1/resubmit', '/nowhere']) {
      const head = headOf(path, JSON_TYPE, 'Origin: http://evil.test', ...expecting);
      const answer = await rawExchange(patient.serverUrl, [head]);
      expect(answer).toMatch(path === '/nowhere' ? /^HTTP\/1\.1 404 / : /^HTTP\/1\.1 403 /);
      expect(answer).not.toContain('100 Continue');
    }
  });
});

describe('the connections of a listener', () => {
  /** A connection that was taken, and stays; null for one that was closed at once. */
  function askOnce(): Promise<Socket | null> {
    const { hostname, port } = new URL(patient.serverUrl);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return new Promise((resolve) => {
      socket.once('data', () => {
        resolve(socket);
      });
      socket.once('close', () => {
        resolve(null);
      });
    });
  }

  it('are bounded: one more is closed at once, and there is room again when others end', async () => {
    const open: Socket[] = [];
    while (open.length < CONNECTIONS_MAX) {
      const socket = await askOnce();
      // Of the connections of earlier tests some may still be there.
      if (socket !== null) open.push(socket);
    }
    await expect(sendRequest(patient.serverUrl, '/health/live')).rejects.toThrow();
    // The other listener has its own.
    expect((await sendRequest(patient.clientUrl, '/health/live')).status).toBe(200);
    for (const socket of open) socket.destroy();
    await eventually(async () => (await postEvents(patient.serverUrl, EVENT)).status === 202);
  });
});
