import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateEvents } from '../support/balances.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENTS = 60_000;
const PATH = '/generateEvents/progress';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let database: TestDatabase;
let application: RunningApplication;
let text: string;

beforeAll(async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  database = await createTestDatabase();
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  text = `${generateEvents(EVENTS, seededRandom(seed)).lines.join('\n')}\n`;
  await writeFile(eventsFile, text);
  const env = {
    EVENTS_FILE: eventsFile,
    API_KEYS: 'grafana:k-read:read,ci:k-admin:admin,shop:k-ingest:ingest',
    // A shutdown that a stream could hold would last longer than this test may.
    DRAIN_TIMEOUT_MS: '600000',
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const open = (reads = true): Promise<EventStream> =>
  EventStream.open(application.clientUrl, bearer('k-read'), reads);

describe('GET /generateEvents/progress', () => {
  it.each([
    ['k-admin', 403],
    ['k-ingest', 403],
    ['k-unknown', 401],
  ])('is no stream for the key %s: %i', async (key, status) => {
    const { response } = await EventStream.open(application.clientUrl, bearer(key), false);
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
  });

  it.each([
    ['GET', '*/*'],
    ['GET', 'application/json'],
    ['GET', 'application/json, text/event-stream;q=0.5'],
    ['HEAD', 'text/event-stream'],
  ])('is JSON, once, for %s with Accept: %s', async (method, accept) => {
    const headers = { ...bearer('k-read'), accept };
    const answer = await sendRequest(application.clientUrl, PATH, { method, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.headers.vary).toContain('Accept');
  });

  it('is a stream that no cache and no proxy holds back', async () => {
    const reader = await open();
    expect(reader.response.statusCode).toBe(200);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await eventually(() => reader.events.length === 1);
    expect(reader.last).toMatchObject({ running: false, runId: null });
    reader.leave();
  });

  it('tells every reader of a run, the slow one at its end, and ends with the process', async () => {
    const readers = await Promise.all([open(), open(), open()]);
    const slow = await open(false);
    const leaving = await open();
    const { clientUrl } = application;
    const run = sendRequest(clientUrl, '/generateEvents', { headers: bearer('k-admin') });
    await eventually(() => leaving.events.some(({ running }) => running));
    leaving.leave();
    const { json } = await run;
    expect(json).toMatchObject({ read: EVENTS, accepted: EVENTS });
    slow.read();
    for (const reader of [...readers, slow]) {
      await eventually(() => reader.last?.running === false && reader.last.runId === json.runId);
      expect(reader.last).toMatchObject({ line: EVENTS, accepted: EVENTS, invalidTotal: 0 });
      expect(reader.last?.bytesRead).toBe(Buffer.byteLength(text));
      const seen = reader.events.filter(({ running }) => running);
      expect(seen.length).toBeGreaterThan(1);
      expect(seen.map(({ bytesRead }) => bytesRead)).toEqual(
        seen.map(({ bytesRead }) => bytesRead).sort((a, b) => a - b),
      );
      expect(seen.at(-1)?.bytesTotal).toBe(Buffer.byteLength(text));
    }
    await open(false);
    expect(await application.stop()).toBe(0);
    for (const reader of readers) expect(await reader.over).toBe('ended');
  });
});
