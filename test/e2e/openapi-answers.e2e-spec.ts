import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PAGE_FILES } from '../../src/monitoring/dashboard/page-files.js';
import { DocumentedAnswers } from '../support/documented-answers.js';
import { eventually } from '../support/eventually.js';
import { ClientAnswers } from './openapi-client.js';
import { breakTables, readAll, readLoaded, resubmit } from '../support/openapi-database.js';
import { BODY_BOUNDS, sendBodies, sendEvents } from '../support/openapi-events.js';
import { sendRaw } from '../support/raw-request.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

/** Codes whose answers nobody can ask for. */
const NOT_PROVOKED: Readonly<Record<string, string>> = {
  '500 INTERNAL_ERROR': 'a defect',
  '503 LOG_CLOSED': 'comes when the listeners are closed already, but for a moment',
  '503 STREAMS_ENDED': 'likewise',
  '406 NOT_ACCEPTABLE': 'only for what a later version of Express may raise',
  '408 REQUEST_TIMEOUT': 'likewise',
  '400 REQUEST_REFUSED': 'likewise',
};

let database: TestDatabase;
let answers: DocumentedAnswers;
let application: RunningApplication;
const start = (env: Record<string, string>): Promise<RunningApplication> =>
  RunningApplication.start({ databaseUrl: database.url, env });

beforeAll(async () => {
  database = await createTestDatabase();
  application = await start({});
  answers = await DocumentedAnswers.of(application.serverUrl);
});
afterAll(() => database.drop());

describe('every answer is as the OpenAPI document says', () => {
  it('of events that are taken, and of those that break a rule', () =>
    sendEvents(answers, application));

  it('of what the database tells, and of its tables', () => readLoaded(answers, application));

  it('of the page and its files', async () => {
    const files = ['start.js', 'swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
    const paths = ['/docs', '/docs-json', '/docs/none', ...files.map((file) => `/docs/${file}`)];
    const page = ['/', ...PAGE_FILES.map((file) => `/dashboard/${file}`), '/dashboard/none'];
    for (const path of [...paths, ...page]) await answers.ask(application.serverUrl, path);
  });

  it('of a path that is none, and of what is no HTTP', async () => {
    answers.checkOutside('GET /nowhere', await sendRequest(application.serverUrl, '/nowhere'));
    const requests = [
      'no HTTP\r\n\r\n',
      `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      'GET /status HTTP/1.1\r\n\r\n',
      'GET /status HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n',
    ];
    for (const bytes of requests) {
      answers.checkOutside('raw', await sendRaw(application.serverUrl, bytes));
    }
  });

  it('of an application with keys', async () => {
    const env = { API_KEYS: 'shop:k-ingest:ingest,page:k-read:read,ops:k-admin:admin' };
    const { serverUrl } = await start(env);
    const site = { authorization: 'Bearer k-admin', 'sec-fetch-site': 'cross-site' };
    for (const [request, { security }] of answers.operations) {
      if (security === undefined) continue;
      const [method = '', template = ''] = request.split(' ');
      const path = template.replaceAll(/\{\w+\}/g, '1');
      const ask = async (headers: Record<string, string>): Promise<string> => {
        const { json } = await answers.ask(serverUrl, path, { method, headers });
        return String(json.code);
      };
      const scope = security[0]!['bearer']![0]!;
      const other = scope === 'read' ? 'ingest' : 'read';
      expect({ request, code: await ask({}) }).toEqual({ request, code: 'KEY_REQUIRED' });
      expect(await ask({ authorization: `Bearer k-${other}` })).toBe('SCOPE_MISSING');
      expect(await ask({ host: 'evil.test' })).toBe('HOST_NOT_ALLOWED');
      if (scope === 'admin') expect(await ask(site)).toBe('CROSS_SITE_REQUEST');
    }
  });

  it('of bodies that are too large, too many, too fast, too slow, or cut', async () => {
    const { serverUrl } = (application = await start(BODY_BOUNDS));
    await sendBodies(answers, application);
    const head = 'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json';
    const slow = await sendRaw(serverUrl, `${head}\r\nContent-Length: 100\r\n\r\n{`);
    answers.check('POST /events', slow);
    const broken = `${head}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"u\r\nno number\r\n`;
    answers.check('POST /events', await sendRaw(serverUrl, broken));
    answers.checkOutside('raw', await sendRaw(serverUrl, head));
    await application.stop();
  });

  it('of a log that takes nothing', async () => {
    const post = async (of: RunningApplication): Promise<string> => {
      const { json } = await answers.ask(of.serverUrl, '/events', { method: 'POST', body: EVENT });
      return String(json.code);
    };
    const full = await start({ DISK_FREE_BYTES_MIN: '999999999999999' });
    expect(await post(full)).toBe('DISK_FULL');
    await answers.ask(full.serverUrl, '/health/ready');
    await full.stop();
    const busy = await start({ APPEND_QUEUE_BYTES_MAX: '1' });
    const many = await Promise.all(Array.from({ length: 200 }, () => post(busy)));
    expect(many).toContain('QUEUE_FULL');
    await busy.stop();
    const behind = await start({ BACKLOG_BYTES_MAX: '1' });
    await eventually(async () => (await post(behind)) === 'BACKLOG_FULL');
    await behind.stop();
    const away = await start({});
    await rename(join(away.dataDir, 'staging'), join(away.dataDir, 'aside'));
    await eventually(async () => (await post(away)) === 'LOG_UNAVAILABLE');
    await away.kill();
  });

  it('of a database that is away', async () => {
    const away = await RunningApplication.start({ databaseUrl: 'postgres://x@127.0.0.1:1/x' });
    await readAll(answers, away.serverUrl);
    for (const [method, path] of [
      ['GET', '/createTable'],
      ['POST', '/deadLetters/1/resubmit'],
    ] as const) {
      const { json } = await answers.ask(away.serverUrl, path, { method, body: EVENT });
      expect(json.code).toBe('DATABASE_AWAY');
    }
    await away.kill();
  });

  it('of dead letters', () => resubmit(answers));

  it('of a run of the client', async () => {
    const client = await ClientAnswers.start(answers, database.url);
    await client.provoke().finally(() => client.close());
    const setting = await start({ INGEST_URL: 'http://user:password@127.0.0.1:1' });
    const { json } = await answers.ask(setting.clientUrl, '/generateEvents');
    expect(json.code).toBe('CLIENT_SETTING_INVALID');
    await setting.stop();
  });

  it('of tables that somebody dropped, or made', async () => {
    const own = await createTestDatabase();
    const env = { USER_HISTORY: 'true' };
    const broken = await RunningApplication.start({ databaseUrl: own.url, env });
    await readLoaded(answers, broken);
    await breakTables(answers, broken, own.url);
    await broken.kill();
    await own.drop();
  });
});

it('every documented status came, and every code that can be provoked', () => {
  const { components } = answers.document;
  const all = [
    ...answers.operations.flatMap(([request, { responses }]) =>
      Object.entries(responses).map(([status, answer]) => ({ request, status, answer })),
    ),
    ...Object.values(components.responses).map((answer) => ({ request: '', status: '', answer })),
  ];
  const missing = all.flatMap(({ request, status, answer }) => {
    if (status.startsWith('2')) return [`${request} ${status}`];
    const examples = answer.content?.['application/problem+json']?.examples ?? {};
    return Object.values(examples).map(({ value }) => {
      const { status: its, code } = value as { status: number; code: string };
      return `${its} ${code}`;
    });
  });
  const expected = [...new Set(missing)].filter((code) => !answers.seen.has(code)).sort();
  expect(expected).toEqual(Object.keys(NOT_PROVOKED).sort());
});
