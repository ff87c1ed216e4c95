import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LiveStatus } from '../../src/monitoring/dashboard/live-status.service.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const PATH = '/status/live';
const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    API_KEYS: 'grafana:k-read:read,ci:k-admin:admin,shop:k-ingest:ingest',
    // A shutdown that a stream could hold would last longer than this test may.
    DRAIN_TIMEOUT_MS: '600000',
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const open = (reads = true): Promise<EventStream<LiveStatus>> =>
  EventStream.openAt(`${application.serverUrl}${PATH}`, bearer('k-read'), reads);

describe('GET /status/live', () => {
  it.each([
    ['k-admin', 403],
    ['k-ingest', 403],
    ['k-unknown', 401],
  ])('is no stream for the key %s: %i', async (key, status) => {
    const url = `${application.serverUrl}${PATH}`;
    const { response } = await EventStream.openAt(url, bearer(key), false);
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
  });

  it.each([
    ['GET', '*/*'],
    ['GET', 'application/json'],
    ['HEAD', 'text/event-stream'],
  ])('is JSON, once, for %s with Accept: %s', async (method, accept) => {
    const headers = { ...bearer('k-read'), accept };
    const answer = await sendRequest(application.serverUrl, PATH, { method, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.headers.vary).toContain('Accept');
  });

  it('is a stream that no cache and no proxy holds back, each second', async () => {
    const reader = await open();
    expect(reader.response.statusCode).toBe(200);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await eventually(() => reader.events.length >= 3);
    const times = reader.events.map(({ uptimeSeconds }) => uptimeSeconds);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    reader.leave();
  });

  it('tells all readers the same: the status, readiness, counts, and the disk', async () => {
    const readers = await Promise.all([open(), open()]);
    const headers = bearer('k-ingest');
    await postEvents(application.serverUrl, [EVENT, { ...EVENT, value: -1 }], headers);
    const isThere = ({ last }: EventStream<LiveStatus>): boolean =>
      last?.counts.accepted === 1 &&
      last.status.checkpoint?.events === 1 &&
      last.status.lastLoad?.events === 1 &&
      last.status.deadLetters === 0;
    await eventually(() => readers.every(isThere));
    const [first] = readers.map(({ last }) => last);
    expect(first).toMatchObject({
      readiness: { status: 'ready', failing: [], degraded: [] },
      counts: { accepted: 1, duplicates: 0, rejected: 1 },
      disk: { freeBytesMin: 67_108_864 },
      status: { lag: { bytes: 0 }, lastLoad: { events: 1 }, deadLetters: 0 },
    });
    expect(first?.disk?.freeBytes).toBeGreaterThan(0);
    expect(first?.disk?.totalBytes).toBeGreaterThan(first?.disk?.freeBytes ?? Infinity);
    const texts = readers.map(({ events }) => events.map((live) => JSON.stringify(live)));
    const [of, other] = texts.map((all) => new Set(all));
    expect([...of!].filter((text) => other!.has(text)).length).toBeGreaterThan(0);
    for (const reader of readers) reader.leave();
  });

  it('is for 64 readers at most, and makes room when one goes', async () => {
    const readers: EventStream<LiveStatus>[] = [];
    await eventually(async () => {
      const reader = await open(false);
      // Of those who have left a moment ago some may still be there.
      if (reader.response.statusCode === 200) readers.push(reader);
      else reader.leave();
      return readers.length === 64;
    });
    const refused = await open(false);
    expect(refused.response.statusCode).toBe(503);
    expect(refused.response.headers['retry-after']).toBe('5');
    const asked = await sendRequest(application.serverUrl, PATH, { headers: bearer('k-read') });
    expect(asked.status).toBe(200);
    for (const reader of readers) reader.leave();
    await eventually(async () => {
      const next = await open(false);
      next.leave();
      return next.response.statusCode === 200;
    });
  });

  it('ends with the process, cut where nobody reads', async () => {
    const reader = await open();
    await eventually(() => reader.events.length > 0);
    await open(false);
    expect(await application.stop()).toBe(0);
    expect(await reader.over).toBe('ended');
  });
});
