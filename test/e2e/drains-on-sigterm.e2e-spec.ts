import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';
const ATTEMPTS_MAX = 5;

describe('a process that is asked to stop', () => {
  let database: TestDatabase;
  let application: RunningApplication;
  beforeAll(async () => {
    database = await createTestDatabase();
    application = await RunningApplication.start({ databaseUrl: database.url });
  });
  afterAll(() => database.drop());

  /** A request whose head has arrived, and whose body has not. */
  async function beginRequest(): Promise<Socket> {
    const { hostname, port } = new URL(application.serverUrl);
    const socket = createConnection(Number(port), hostname);
    const head = [
      'POST /events HTTP/1.1',
      `Host: ${hostname}`,
      'Content-Type: application/json',
      `Content-Length: ${EVENT.length}`,
      'Expect: 100-continue',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await once(socket, 'data'); // 100 Continue
    return socket;
  }

  it('answers the request in flight, stores its event, takes no new one, and ends with 0', async () => {
    const { serverUrl } = application;
    const socket = await beginRequest();
    const stopped = application.stop();
    await eventually(async () =>
      sendRequest(serverUrl, '/health/live').then(
        () => false,
        () => true,
      ),
    );
    socket.write(EVENT);
    expect(await text(socket)).toContain('202 Accepted');
    expect(await stopped).toBe(0);
    expect(await storedRecords(application)).toMatchObject([{ value: 432 }]);
  });

  it('cuts a request that does not end within the time to drain', async () => {
    const env = { DRAIN_TIMEOUT_MS: '200' };
    application = await RunningApplication.start({ databaseUrl: database.url, env });
    const socket = await beginRequest();
    const [code, answer] = await Promise.all([
      application.stop(),
      text(socket).catch(() => 'cut off'),
    ]);
    expect(code).toBe(0);
    expect(answer).not.toContain('202');
    expect(await storedRecords(application)).toEqual([]);
  });

  it('is asked once and again, and still drains', async () => {
    application = await RunningApplication.start({ databaseUrl: database.url });
    const socket = await beginRequest();
    const stopped = application.stop();
    application.signal('SIGTERM');
    application.signal('SIGINT');
    await eventually(() => application.stdout.includes('stopping'));
    socket.write(EVENT);
    expect(await text(socket)).toContain('202 Accepted');
    expect(await stopped).toBe(0);
  });

  it('leaves no sender on a busy connection without an answer', async () => {
    // A machine that stands still for the moment that senders have may cut one: that proves nothing.
    for (let attempt = 1, cut = -1; cut !== 0; attempt += 1) {
      application = await RunningApplication.start({ databaseUrl: database.url });
      const senders = Array.from({ length: 8 }, () => sendUntilTold(application.serverUrl));
      await eventually(async () => (await storedRecords(application)).length > 100);
      expect(await application.stop()).toBe(0);
      const told = await Promise.all(senders);
      const accepted = told.reduce((sum, one) => sum + one.accepted, 0);
      cut = told.filter(({ isCut }) => isCut).length;
      const stored = (await storedRecords(application)).length;
      // What a sender is in doubt about is its last request.
      expect(stored).toBeGreaterThanOrEqual(accepted);
      expect(stored).toBeLessThanOrEqual(accepted + cut);
      if (attempt === ATTEMPTS_MAX) expect(cut).toBe(0);
    }
  });
});

/**
 * One request after the other on one connection, until an answer says that it ends, or a request is left without an
 * answer: then it is cut. Resolves with how many were accepted.
 */
async function sendUntilTold(serverUrl: string): Promise<{ accepted: number; isCut: boolean }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let accepted = 0;
  try {
    for (;;) {
      const response = await post(serverUrl, agent);
      await text(response);
      if (response.statusCode === 202) accepted += 1;
      if (response.headers.connection === 'close') return { accepted, isCut: false };
    }
  } catch {
    return { accepted, isCut: true };
  }
}

function post(serverUrl: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    request(`${serverUrl}/events`, { method: 'POST', agent, headers })
      .on('response', resolve)
      .on('error', reject)
      .end(EVENT);
  });
}
