import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LINES = [
  '{"userId":"abc123","name":"add_revenue","value":432}',
  '{"userId":"abc123","name":"subtract_revenue","value":150}',
  '{"userId":"dimes","name":"add_revenue","value":0.1}',
  '{"userId":"dimes","name":"add_revenue","value":0.2}',
  'not an event',
  '{"userId":"__proto__","name":"subtract_revenue","value":0.000001}',
  '{"userId":"abc123","name":"add_revenue","value":"432"}',
  '{"userId":"nothing","name":"add_revenue","value":0}',
];

describe('an events file', () => {
  let database: TestDatabase;
  let application: RunningApplication;

  beforeAll(async () => {
    database = await createTestDatabase();
    const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
    await writeFile(eventsFile, `${LINES.join('\n')}\n`);
    const env = { EVENTS_FILE: eventsFile };
    application = await RunningApplication.start({ databaseUrl: database.url, env });
  });
  afterAll(() => database.drop());

  it('is sent by the client and becomes exact balances', async () => {
    const run = await sendRequest(application.clientUrl, '/generateEvents');
    expect(run.status).toBe(200);
    expect(run.json).toMatchObject({ read: 8, accepted: 6, duplicates: 0, invalidTotal: 2 });
    expect(run.json.invalid).toMatchObject([
      { line: 5, code: 'INVALID_JSON' },
      { line: 7, code: 'VALUE_NOT_A_NUMBER' },
    ]);

    await eventually(async () => {
      const { json } = await sendRequest(application.serverUrl, '/status');
      return json.checkpoint?.events === 6;
    });
    const page = await sendRequest(application.serverUrl, '/users');
    const balances = (page.json.users as { userId: string; revenue: string }[]).map(
      ({ userId, revenue }) => [userId, revenue],
    );
    expect(balances).toEqual([
      ['__proto__', '-0.000001'],
      ['abc123', '282'],
      ['dimes', '0.3'],
      ['nothing', '0'],
    ]);
  });

  it('counts again when it is sent again on purpose', async () => {
    const run = await sendRequest(application.clientUrl, '/generateEvents');
    expect(run.json).toMatchObject({ read: 8, accepted: 6, duplicates: 0 });

    await eventually(async () => {
      const { json } = await sendRequest(application.serverUrl, '/users/abc123/revenue');
      return json.revenue === '564';
    });
  });

  it('leaves a process that stops with 0 on SIGTERM, without a complaint', async () => {
    expect(await application.stop()).toBe(0);
    expect(application.stderr).toBe('');
  });
});
