import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { postEvents } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const SENDERS = 500;

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

it('takes the events of 500 senders at the same moment, and stores each once', async () => {
  const begun = performance.now();
  const requests = Array.from({ length: SENDERS }, (_, value) =>
    postEvents(application.serverUrl, { userId: 'abc123', name: 'add_revenue', value }),
  );
  const statuses = (await Promise.all(requests)).map(({ status }) => status);
  expect(performance.now() - begun).toBeLessThan(60_000);
  expect(statuses).toEqual(Array(SENDERS).fill(202));
  const values = (await storedRecords(application)).map(({ value }) => Number(value));
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: SENDERS }, (_, i) => i));
});
