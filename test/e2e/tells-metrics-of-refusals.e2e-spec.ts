import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

let database: TestDatabase;
let application: RunningApplication;
const start = async (env: Readonly<Record<string, string>>): Promise<string> => {
  application = await RunningApplication.start({ databaseUrl: database.url, env });
  return application.serverUrl;
};
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => application.kill());
afterAll(() => database.drop());

it('a disk below the watermark makes it not ready, and each refused request is counted', async () => {
  const url = await start({ DISK_FREE_BYTES_MIN: '9000000000000000' });
  for (let count = 0; count < 3; count += 1) {
    expect((await postEvents(url, EVENT)).json.code).toBe('DISK_FULL');
  }
  const its = await Scrape.of(url);
  expect(its.value('ready')).toBe(0);
  expect(its.counts('ingest_refusals_total')).toEqual({ DISK_FULL: 3 });
  expect(its.counts('ingest_answers_total')).toEqual({ '5xx': 3 });
  expect(its.value('disk_free_min_bytes')).toBe(9_000_000_000_000_000);
  expect(its.value('events_accepted_total')).toBe(0);
});

it('what a limit of the rate keeps out is counted', async () => {
  const url = await start({ KEY_EVENTS_PER_SECOND_MAX: '1' });
  expect((await postEvents(url, Array(60).fill(EVENT))).status).toBe(202); // a debt of 59 s
  expect((await postEvents(url, EVENT)).json.code).toBe('RATE_LIMITED');
  const its = await Scrape.of(url);
  expect(its.counts('ingest_refusals_total')).toEqual({ RATE_LIMITED: 1 });
  expect(its.counts('ingest_answers_total')).toEqual({ '202': 1, '4xx': 1 });
  expect(its.value('events_accepted_total')).toBe(60);
});

it('requests without a key that is known are counted, and the metrics ask for one, too', async () => {
  const url = await start({ API_KEYS: 'shop:k-ingest:ingest,prometheus:k-read:read' });
  expect((await postEvents(url, EVENT)).status).toBe(401);
  const wrong = { authorization: 'Bearer k-read' };
  expect((await postEvents(url, EVENT, wrong)).status).toBe(403);
  expect((await sendRequest(url, '/metrics')).status).toBe(401);
  const its = await Scrape.of(url, 'k-read');
  expect(its.counts('ingest_refusals_total')).toEqual({ KEY_REQUIRED: 1, SCOPE_MISSING: 1 });
});
