import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEYS = { ingest: 'k-ingest', read: 'k-read', admin: 'k-admin', all: 'k-all' };
const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const ROUTES = [
  { method: 'POST', path: '/events', scope: 'ingest', body: EVENT },
  { method: 'GET', path: '/status', scope: 'read' },
  { method: 'HEAD', path: '/status', scope: 'read' },
  { method: 'GET', path: '/status/live', scope: 'read' },
  { method: 'GET', path: '/loads', scope: 'read' },
  { method: 'GET', path: '/users', scope: 'read' },
  { method: 'GET', path: '/users/abc123/revenue', scope: 'read' },
  { method: 'GET', path: '/generateEvents/progress', scope: 'read' },
  { method: 'GET', path: '/createTable', scope: 'admin' },
] as const;

let database: TestDatabase;
let application: RunningApplication;
/** Of events that were sent with a key that may send them. */
let accepted = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  const directory = await temporaryDirectory();
  const [eventsFile, keysFile] = [join(directory, 'events.jsonl'), join(directory, 'keys')];
  await writeFile(eventsFile, `${JSON.stringify({ ...EVENT, userId: 'of the file' })}\n`);
  await writeFile(keysFile, `# everything\nops:${KEYS.all}\n`);
  const env = {
    API_KEYS: `shop:${KEYS.ingest}:ingest,grafana:${KEYS.read}:read,ci:${KEYS.admin}:admin`,
    API_KEYS_FILE: keysFile,
    EVENTS_FILE: eventsFile,
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

async function call(route: (typeof ROUTES)[number], authorization?: string): Promise<Answer> {
  const { method, path } = route;
  const headers = authorization === undefined ? {} : { authorization };
  const body = 'body' in route ? route.body : undefined;
  const answer = await sendRequest(application.serverUrl, path, { method, headers, body });
  if (answer.status === 202) accepted += 1;
  return answer;
}

describe.each(ROUTES)('$method $path', (route) => {
  it.each([
    ['no key', undefined],
    ['an unknown key', 'Bearer k-unknown'],
    ['an empty key', 'Bearer '],
    ['half a key', `Bearer ${KEYS.all.slice(0, -1)}`],
    ['a key and more', `Bearer ${KEYS.all} x`],
    ['the name of a key', 'Bearer ops'],
    ['a key without its scheme', KEYS.all],
    ['a key as a password', `Basic ${Buffer.from(`ops:${KEYS.all}`).toString('base64')}`],
  ])('refuses %s with 401 and a challenge', async (_, authorization) => {
    const before = await storedRecords(application);
    const answer = await call(route, authorization);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="revenue-etl"');
    if (route.method !== 'HEAD') expect(answer.json.code).toBe('KEY_REQUIRED');
    expect(await storedRecords(application)).toEqual(before);
  });

  it('refuses keys without its scope with 403, and stores nothing', async () => {
    const before = await storedRecords(application);
    for (const scope of ['ingest', 'read', 'admin'] as const) {
      if (scope === route.scope) continue;
      const answer = await call(route, `Bearer ${KEYS[scope]}`);
      expect({ scope, status: answer.status }).toEqual({ scope, status: 403 });
      expect(answer.text).not.toContain(KEYS[scope]);
    }
    expect(await storedRecords(application)).toEqual(before);
  });

  it.each(['Bearer', 'bearer'])(
    'lets a key of its scope in, and one of all: %s',
    async (scheme) => {
      for (const key of [KEYS[route.scope], KEYS.all]) {
        const { status } = await call(route, `${scheme} ${key}`);
        expect([200, 202, 404]).toContain(status);
      }
    },
  );
});

describe.each([
  ['KEY_REQUIRED', 401, {}],
  ['SCOPE_MISSING', 403, { authorization: `Bearer ${KEYS.read}` }],
  ['CROSS_SITE_REQUEST', 403, { authorization: `Bearer ${KEYS.ingest}`, origin: 'null' }],
  ['HOST_NOT_ALLOWED', 421, { authorization: `Bearer ${KEYS.ingest}`, host: 'evil.test' }],
])('%s', (code, status, headers) => {
  it.each(['/events', '/events/', '/Events', '/events?a=b'])(
    'says that nothing was stored, however the route is spelled: POST %s',
    async (path) => {
      const options = { method: 'POST', headers, body: [EVENT] };
      const { json, ...answer } = await sendRequest(application.serverUrl, path, options);
      expect(answer.status).toBe(status);
      const { type, title, detail, ...members } = json;
      expect([type, title, detail].every((text) => typeof text === 'string')).toBe(true);
      const nothing = { accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 };
      expect(members).toEqual({ status, code, ...nothing });
    },
  );
});

describe('keys', () => {
  it('are not asked for by health checks, and by the page for its own files', async () => {
    for (const path of ['/health/live', '/health/ready', '/', '/dashboard/dashboard.js']) {
      expect((await sendRequest(application.serverUrl, path)).status).toBe(200);
    }
  });

  it('are asked for before a body is read', async () => {
    const body = Buffer.from('not even JSON');
    const answer = await sendRequest(application.serverUrl, '/events', { method: 'POST', body });
    expect(answer.status).toBe(401);
  });

  it('do not keep the own client from sending', async () => {
    const headers = { authorization: `Bearer ${KEYS.admin}` };
    const run = await sendRequest(application.clientUrl, '/generateEvents', { headers });
    expect(run.json).toMatchObject({ read: 1, accepted: 1 });
    accepted += 1;
    expect(await storedRecords(application)).toContainEqual(
      expect.objectContaining({ userId: 'of the file' }),
    );
  });

  it('are never in the log', () => {
    for (const key of Object.values(KEYS)) expect(application.output).not.toContain(key);
  });

  it('were there for every event that is stored in the end', async () => {
    // Looked for this late: what is written after a refusal was answered comes after the answer.
    expect(await application.stop()).toBe(0);
    expect(accepted).toBeGreaterThan(1);
    expect(await storedRecords(application)).toHaveLength(accepted);
  });
});
