import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POISON } from '../support/poisoned-application.js';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const event = (id: string, more: object = {}): object => ({
  ...{ id, userId: 'abc123', name: 'add_revenue', value: 432 },
  ...more,
});
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(async () => {
  await application.kill();
  await database.drop();
});

const scrape = (): Promise<Scrape> => Scrape.of(application.serverUrl);
const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  sendRequest(application.serverUrl, '/events', { method: 'POST', body, headers });

/** A load counts a moment after its commit. */
const scrapeLoaded = (events: number): Promise<Scrape> =>
  Scrape.when(application.serverUrl, (its) => its.value('loaded_events_total') === events);

describe('before anything happened', () => {
  it('each counter is there, and 0', async () => {
    const { families } = await scrape();
    const ours = [...families].filter(([name]) => name.startsWith('revenue_etl_'));
    for (const [name, { type, samples }] of ours) {
      if (type === 'gauge') continue;
      expect({ name, samples: samples.length > 0 }).toEqual({ name, samples: true });
      expect({ name, all: samples.every(({ value }) => value === 0) }).toEqual({ name, all: true });
    }
  });

  it('counters by a code have each code that there is', async () => {
    const { families } = await scrape();
    const codes = (name: string): unknown[] =>
      families.get(name)?.samples.map(({ labels }) => Object.values(labels)[0]) ?? [];
    expect(codes('revenue_etl_events_rejected_total')).toHaveLength(25);
    expect(codes('revenue_etl_ingest_refusals_total')).toContain('QUEUE_FULL');
    expect(codes('revenue_etl_load_retries_total')).toEqual(['40001', '40P01']);
  });

  it('it is ready, with a database, nothing waits, and the disk has room', async () => {
    const isAnswered = (its: Scrape) =>
      its.value('dead_letters_open') !== null && its.value('lag_bytes') !== null;
    const its = await Scrape.when(application.serverUrl, isAnswered);
    const names = ['ready', 'database_up', 'load_failing', 'lag_bytes', 'dead_letters_open'];
    expect(names.map((name) => its.value(name))).toEqual([1, 1, 0, 0, 0]);
    expect(its.value('log_segments')).toBe(1);
    expect(its.value('dedupe_window_seconds')).toBe(86_400);
    expect(its.value('disk_free_bytes')).toBeGreaterThan(0);
    expect(its.value('disk_size_bytes')).toBeGreaterThan(its.value('disk_free_bytes') ?? NaN);
    expect(its.families.get('nodejs_eventloop_lag_p99_seconds')?.samples).toHaveLength(1);
  });
});

describe('of what was sent', () => {
  it('every event is counted once, by what its sender was answered', async () => {
    const { serverUrl } = application;
    await postEvents(serverUrl, event('a')); // one
    await postEvents(serverUrl, event('a')); // a duplicate
    await postEvents(serverUrl, event('a', { value: 1 })); // ID_REUSED
    await postEvents(serverUrl, [event('b'), event('c'), event('d', { value: -1 }), event('b')]);
    const lines = ['{"userId":"u"}', JSON.stringify(event('e', { userId: 'u' })), '[]', '{"x":1}'];
    const body = `${lines.join('\n')}\n`;
    expect((await post(body, NDJSON)).status).toBe(207);
    expect((await post('{"userId"', { 'Content-Type': 'application/json' })).status).toBe(400);
    expect((await post('hello', { 'Content-Type': 'text/plain' })).status).toBe(415);
    const its = await scrape();
    expect(its.value('events_accepted_total')).toBe(4);
    expect(its.value('events_duplicate_total')).toBe(2);
    expect(its.counts('events_rejected_total')).toEqual({
      ...{ ID_REUSED: 1, VALUE_NEGATIVE: 1, NAME_MISSING: 1 },
      ...{ EVENT_NOT_AN_OBJECT: 1, PROPERTY_UNKNOWN: 1 },
    });
    expect(its.counts('ingest_refusals_total')).toEqual({
      INVALID_JSON: 1,
      MEDIA_TYPE_UNSUPPORTED: 1,
    });
    expect(its.counts('ingest_requests_total')).toEqual({ json: 5, ndjson: 1 });
    expect(its.counts('ingest_answers_total')).toEqual({ '202': 2, '207': 2, '4xx': 3 });
    const sizes = [event('a'), event('a'), event('a', { value: 1 })].map(
      (one) => JSON.stringify(one).length,
    );
    const array = [event('b'), event('c'), event('d', { value: -1 }), event('b')];
    const bytes = sizes.reduce((sum, size) => sum + size, JSON.stringify(array).length);
    expect(its.value('ingest_body_bytes_total')).toBe(bytes + body.length + '{"userId"'.length);
  });

  it('the log tells its size, and each append that was durable', async () => {
    const its = await scrape();
    const { log } = (await sendRequest(application.serverUrl, '/status')).json as {
      log: { endOffset: number; bytes: number };
    };
    expect(its.value('log_end_offset')).toBe(log.endOffset);
    expect(its.value('log_bytes')).toBe(log.bytes);
    expect(its.value('dedupe_ids')).toBe(4);
    expect([its.value('log_queue_bytes'), its.value('log_queue_appends')]).toEqual([0, 0]);
    expect(its.value('log_append_seconds_count')).toBe(3); // one, an array, the lines
    expect(its.value('log_sync_seconds_count')).toBe(3);
    expect(its.value('log_append_seconds_sum')).toBeGreaterThan(0);
  });

  it('the loads tell what they added to which balances', async () => {
    const its = await scrapeLoaded(4);
    expect(its.value('load_batch_events_sum')).toBe(4);
    expect(its.value('users_inserted_total')).toBe(2);
    const loads = its.value('load_seconds_count') ?? 0;
    expect(loads).toBeGreaterThan(0);
    expect(its.value('load_batch_users_count')).toBe(loads);
    expect(its.value('checkpoint_offset')).toBe(its.value('log_end_offset'));
    expect([its.value('lag_bytes'), its.value('lag_seconds')]).toEqual([0, 0]);
    await postEvents(application.serverUrl, [event('f'), event('g', { userId: 'v' })]);
    const then = await scrapeLoaded(6);
    expect(then.value('users_inserted_total')).toBe(3);
    expect(then.value('users_updated_total')).toBe((its.value('users_updated_total') ?? 0) + 1);
    expect(then.counts('load_failures_total')).toEqual({});
  });
});

describe('after a start on a log with lines that are no events', () => {
  it('counters begin at 0, dead letters are counted and open, and ids are remembered', async () => {
    await application.stop();
    const { dataDir } = application;
    const segment = join(dataDir, 'staging', `${'0'.repeat(20)}.jsonl`);
    await appendFile(segment, POISON.map((line) => `${line}\n`).join(''));
    application = await RunningApplication.start({ databaseUrl: database.url, dataDir });
    const names = ['dead_letters_open', 'dead_letters_stored_total'];
    const its = await Scrape.when(application.serverUrl, (then) =>
      names.every((name) => then.value(name) === POISON.length),
    );
    expect(its.value('events_accepted_total')).toBe(0);
    expect(its.value('loaded_events_total')).toBe(0);
    expect(its.value('dedupe_ids')).toBe(6);
  });
});
