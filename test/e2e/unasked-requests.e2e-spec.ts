import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

/** What browsers send for whom. The host is ours unless it says otherwise. */
const OTHERS = [
  { who: 'a page of another site', headers: { 'Sec-Fetch-Site': 'cross-site' } },
  { who: 'a page of another port', headers: { 'Sec-Fetch-Site': 'same-site' } },
  { who: 'a page of another site, on plain HTTP', headers: { Origin: 'http://evil.test' } },
  { who: 'a page of another port, on plain HTTP', headers: { Origin: 'http://localhost:1' } },
  { who: 'a page in a sandbox', headers: { Origin: 'null' } },
] as const;

let database: TestDatabase;
let application: RunningApplication;

async function start(): Promise<void> {
  database = await createTestDatabase();
  const env = { MIGRATIONS_RUN: 'false', EVENTS_FILE: import.meta.filename };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
}

describe.each(['/generateEvents', '/createTable'])('%s', (path) => {
  beforeAll(start);
  afterAll(() => database.drop());

  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers %s with 405', async (method) => {
    const { status, headers } = await sendRequest(application.serverUrl, path, { method });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, POST' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  describe.each(['GET', 'POST'])('by %s', (method) => {
    it.each([
      ...OTHERS,
      { who: 'a browser ahead of a click', headers: { 'Sec-Purpose': 'prefetch' } },
    ])('refuses $who', async ({ headers }) => {
      const answer = await sendRequest(application.serverUrl, path, { method, headers });
      const { status, json } = answer;
      expect({ status, code: json.code }).toEqual({ status: 403, code: 'CROSS_SITE_REQUEST' });
    });

    it('refuses a page that bound its own name to this machine', async () => {
      const headers = { Host: 'evil.test', Origin: 'http://evil.test' };
      const { status } = await sendRequest(application.serverUrl, path, { method, headers });
      expect(status).toBe(421);
    });
  });

  it('has done nothing by then', async () => {
    const progress = await sendRequest(application.clientUrl, '/generateEvents/progress');
    expect(progress.json.runId).toBeNull();
    const users = await sendRequest(application.serverUrl, '/users');
    expect(users.json.code).toBe('TABLE_MISSING');
  });

  it('does it for a person, and for a page of its own', async () => {
    const own = { 'Sec-Fetch-Site': 'same-origin', Origin: application.serverUrl };
    for (const [method, headers] of [
      ['GET', { 'Sec-Fetch-Site': 'none' }],
      ['POST', own],
      ['POST', {}],
    ] as const) {
      const answer = await sendRequest(application.serverUrl, path, { method, headers });
      const { 'cache-control': cache } = answer.headers;
      expect({ status: answer.status, cache }).toEqual({ status: 200, cache: 'no-store' });
    }
  });
});

describe('/events', () => {
  beforeAll(start);
  afterAll(() => database.drop());

  it.each(OTHERS)('takes nothing from $who', async ({ headers }) => {
    for (const path of ['/events', '/events/']) {
      const options = { method: 'POST', headers, body: EVENT };
      const { status, json } = await sendRequest(application.serverUrl, path, options);
      expect({ status, code: json.code }).toEqual({ status: 403, code: 'CROSS_SITE_REQUEST' });
    }
    expect(await storedRecords(application)).toEqual([]);
  });

  it('takes events from programs, and from a page of its own', async () => {
    for (const headers of [{}, { Origin: application.serverUrl }]) {
      const options = { method: 'POST', headers, body: EVENT };
      expect((await sendRequest(application.serverUrl, '/events', options)).status).toBe(202);
    }
    expect(await storedRecords(application)).toHaveLength(2);
  });
});

describe('a browser', () => {
  beforeAll(start);
  afterAll(() => database.drop());

  it.each(['/status', '/users', '/health/live', '/nowhere', '/docs', '/', '/dashboard/theme.js'])(
    'is told what it may do with the answer of %s, and no other origin may read it',
    async (path) => {
      const options = { headers: { Origin: 'http://evil.test' } };
      const { headers } = await sendRequest(application.serverUrl, path, options);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      });
      const names = Object.keys(headers).filter((name) => name.startsWith('access-control'));
      expect(names).toEqual([]);
    },
  );
});
