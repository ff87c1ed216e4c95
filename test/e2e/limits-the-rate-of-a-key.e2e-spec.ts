import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
/** Takes an hour to be paid at one event per second. */
const BATCH = Array.from({ length: 3_600 }, () => EVENT);
const [SHOP, CAFE] = [{ authorization: 'Bearer k-shop' }, { authorization: 'Bearer k-cafe' }];

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  await writeFile(eventsFile, BATCH.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const env = {
    API_KEYS: 'shop:k-shop,cafe:k-cafe',
    KEY_EVENTS_PER_SECOND_MAX: '1',
    EVENTS_FILE: eventsFile,
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

describe('a key that sends more than it may', () => {
  it('has one large batch taken, and is told when to send the next', async () => {
    expect((await postEvents(application.serverUrl, BATCH, SHOP)).json.accepted).toBe(3_600);
    for (const path of ['/events', '/events/']) {
      const options = { method: 'POST', headers: SHOP, body: EVENT };
      const { status, headers, json } = await sendRequest(application.serverUrl, path, options);
      expect({ status, code: json.code }).toEqual({ status: 429, code: 'RATE_LIMITED' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(3_000);
      expect(json).toMatchObject({ accepted: 0, retryAfter: Number(headers['retry-after']) });
    }
    expect(await storedRecords(application)).toHaveLength(3_600);
  });

  it('holds up no other key, no reader, and not the own client', async () => {
    expect((await postEvents(application.serverUrl, EVENT, CAFE)).status).toBe(202);
    expect((await sendRequest(application.serverUrl, '/status', { headers: SHOP })).status).toBe(
      200,
    );
    const run = await sendRequest(application.clientUrl, '/generateEvents', { headers: SHOP });
    expect(run.json).toMatchObject({ read: 3_600, accepted: 3_600 });
  });
});
