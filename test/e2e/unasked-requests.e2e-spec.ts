import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe.each(['/generateEvents', '/createTable'])('%s', (path) => {
  let database: TestDatabase;
  let application: RunningApplication;

  beforeAll(async () => {
    database = await createTestDatabase();
    const env = { MIGRATIONS_RUN: 'false', EVENTS_FILE: import.meta.filename };
    application = await RunningApplication.start({ databaseUrl: database.url, env });
  });
  afterAll(() => database.drop());

  it('answers HEAD with 405', async () => {
    const { status, headers } = await sendRequest(application.serverUrl, path, { method: 'HEAD' });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET' });
  });

  it.each([
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a page of another port', { 'Sec-Fetch-Site': 'same-site' }],
    ['a browser ahead of a click', { 'Sec-Purpose': 'prefetch' }],
  ])('refuses %s', async (_who, headers) => {
    const { status, json } = await sendRequest(application.serverUrl, path, { headers });
    expect({ status, code: json.code }).toEqual({ status: 403, code: 'CROSS_SITE_REQUEST' });
  });

  it('has done nothing by then', async () => {
    const progress = await sendRequest(application.clientUrl, '/generateEvents/progress');
    expect(progress.json.runId).toBeNull();
    const users = await sendRequest(application.serverUrl, '/users');
    expect(users.json.code).toBe('TABLE_MISSING');
  });

  it('does it for a person', async () => {
    const headers = { 'Sec-Fetch-Site': 'none' };
    const { status } = await sendRequest(application.serverUrl, path, { headers });
    expect(status).toBe(200);
  });
});
