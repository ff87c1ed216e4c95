import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEYS = { ingest: 'k-ingest-7f', read: 'k-read-7f', admin: 'k-admin-7f' };
const SCOPES = ['ingest', 'read', 'admin'] as const;
/** Too many digits to be those of a time, a port or a random id. */
const AMOUNT = '432704327043';
const EVENT = `{"userId":"7f-body","name":"add_revenue","value":${AMOUNT}}`;
const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };

interface Route {
  readonly method: string;
  readonly path: string;
  readonly scope: (typeof SCOPES)[number];
  /** What a key of the scope is answered with before there is any table. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The routes that change something last: createTable makes tables, and generateEvents sends the file. */
const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/status', scope: 'read', status: 200 },
  { method: 'GET', path: '/status/live', scope: 'read', status: 200 },
  { method: 'GET', path: '/metrics', scope: 'read', status: 200 },
  { method: 'GET', path: '/loads', scope: 'read', status: 503 },
  { method: 'GET', path: '/users', scope: 'read', status: 503 },
  { method: 'GET', path: '/users?limit=1&order=-revenue', scope: 'read', status: 503 },
  { method: 'GET', path: '/users?userId=abc123', scope: 'read', status: 503 },
  { method: 'GET', path: '/users/abc123/revenue', scope: 'read', status: 503 },
  { method: 'GET', path: '/revenue', scope: 'read', status: 503 },
  { method: 'GET', path: '/revenue?bucket=day', scope: 'read', status: 503 },
  { method: 'GET', path: '/deadLetters', scope: 'read', status: 503 },
  { method: 'GET', path: '/deadLetters/1', scope: 'read', status: 503 },
  { method: 'GET', path: '/generateEvents/progress', scope: 'read', status: 200 },
  {
    ...{ method: 'POST', path: '/deadLetters/1/resubmit', scope: 'admin', status: 503 },
    ...{ headers: JSON_TYPE, body: EVENT },
  },
  {
    ...{ method: 'POST', path: '/events', scope: 'ingest', status: 202 },
    ...{ headers: JSON_TYPE, body: EVENT },
  },
  {
    ...{ method: 'POST', path: '/events/', scope: 'ingest', status: 202 },
    ...{ headers: JSON_TYPE, body: `[${EVENT}]` },
  },
  {
    ...{ method: 'POST', path: '/events', scope: 'ingest', status: 202 },
    ...{ headers: NDJSON_TYPE, body: `${EVENT}\n` },
  },
  {
    ...{ method: 'POST', path: '/events', scope: 'ingest', status: 202 },
    headers: { ...NDJSON_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(EVENT),
  },
  { method: 'GET', path: '/createTable', scope: 'admin', status: 200 },
  { method: 'POST', path: '/createTable', scope: 'admin', status: 200 },
  { method: 'GET', path: '/generateEvents', scope: 'admin', status: 200 },
  { method: 'POST', path: '/generateEvents', scope: 'admin', status: 200 },
];
const NAMED = ROUTES.map((route) => ({ name: `${route.method} ${route.path}`, route }));

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  await writeFile(eventsFile, `${EVENT}\n`);
  const env = {
    API_KEYS: SCOPES.map((scope) => `${scope}-only:${KEYS[scope]}:${scope}`).join(),
    EVENTS_FILE: eventsFile,
    MIGRATIONS_RUN: 'false',
    LOG_ACCEPTED_EVERY: '1',
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

function call({ method, path, headers, body }: Route, key?: string): Promise<Answer> {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const options = { method, headers: { ...headers, ...authorization }, body };
  return sendRequest(application.serverUrl, path, options);
}

describe.each(NAMED)('$name', ({ route }) => {
  it('is refused without a key, and with an unknown one', async () => {
    for (const key of [undefined, 'k-nobody-7f']) {
      const { status, json, headers } = await call(route, key);
      expect({ status, code: json.code }).toEqual({ status: 401, code: 'KEY_REQUIRED' });
      expect(headers['x-request-id']).toMatch(/./);
    }
  });

  it('is refused with the keys of other scopes', async () => {
    for (const scope of SCOPES.filter((each) => each !== route.scope)) {
      const { status, json } = await call(route, KEYS[scope]);
      expect({ status, code: json.code }).toEqual({ status: 403, code: 'SCOPE_MISSING' });
    }
  });
});

describe('what was refused', () => {
  it('has stored nothing and begun nothing', async () => {
    expect(await storedRecords(application)).toEqual([]);
    const progress = {
      method: 'GET',
      path: '/generateEvents/progress',
      scope: 'read',
      status: 200,
    };
    expect((await call(progress as Route, KEYS.read)).json.runId).toBeNull();
    const users = { method: 'GET', path: '/users', scope: 'read', status: 503 };
    expect((await call(users as Route, KEYS.read)).json.code).toBe('TABLE_MISSING');
  });
});

describe('with a key of its scope', () => {
  it.each(NAMED)('$name is done', async ({ route }) => {
    expect((await call(route, KEYS[route.scope])).status).toBe(route.status);
  });

  it('each event is stored once', async () => {
    expect(await storedRecords(application)).toHaveLength(6); // 4 were sent, and the file twice
  });
});

describe('the log', () => {
  it('tells who asked for what by the names of keys, and has no key, query or body', async () => {
    /** Asks until it is told of: in a flood of refused requests not each has a line. */
    const heard = async (route: Partial<Route>, line: RegExp, key?: string): Promise<void> => {
      const asked = { method: 'GET', path: '/events', scope: 'read', status: 0, ...route } as const;
      await eventually(async () => {
        await call(asked, key);
        return line.test(application.stdout);
      });
    };
    const query = '?secret=7f-query';
    await heard(
      { path: `/status${query}` },
      /accepted .*"path":"\/status","status":200/,
      KEYS.read,
    );
    await heard({ path: `/nowhere${query}` }, /refused .*"path":"\/nowhere","status":404/);
    await heard({ method: 'POST' }, /refused .*"path":"\/events","status":401/);
    await heard({ method: 'POST' }, /"code":"SCOPE_MISSING".*"key":"admin-only"/, KEYS.admin);
    const out = application.output;
    const secrets = [
      ...Object.values(KEYS),
      'k-nobody-7f',
      '7f-query',
      'Bearer',
      '7f-body',
      AMOUNT,
    ];
    for (const secret of secrets) {
      expect(out).not.toContain(secret);
    }
  });
});
