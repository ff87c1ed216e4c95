import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type RequestOptions } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let application: RunningApplication;
/** With keys, and asked without one: the page and its files are for anybody, and hold no data. */
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { API_KEYS: 'ops:k-admin' };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const get = (path: string, options: RequestOptions = {}) =>
  sendRequest(application.serverUrl, path, options);

/** What the page loads, and what its modules do. */
function filesOf(path: string, text: string): string[] {
  const names = [...text.matchAll(/(?:src|href|from) ?(?:=|) ?["']([^"'#]+)["']/g)];
  const base = new URL(path, application.serverUrl);
  const own = names.map(([, name = '']) => new URL(name, base).pathname);
  return own.filter((name) => name.startsWith('/dashboard/'));
}

describe('GET /', () => {
  it.each(['server', 'client'] as const)('is the page on the listener of the %s', async (name) => {
    const url = name === 'server' ? application.serverUrl : application.clientUrl;
    const { status, headers, text } = await sendRequest(url, '/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    expect(text).toContain('<title>revenue-etl</title>');
  });

  it('is the same for a link on another site, and with a key', async () => {
    const { text } = await get('/');
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
      { authorization: 'Bearer k-admin' },
      { authorization: 'Bearer k-wrong' },
    ]) {
      expect(await get('/', { headers })).toMatchObject({ status: 200, text });
    }
  });

  it('answers HEAD, and nothing else', async () => {
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await get('/', { method })).json.code).toBe('ROUTE_UNKNOWN');
    }
  });

  it('lets a browser run and load only what this process serves', async () => {
    const { headers, text } = await get('/');
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual([
      ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"],
      ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ]);
    expect(text).not.toMatch(/<style|style=|\son\w+=|https?:|<script>/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('the files of the page', () => {
  it('are all there, with types that a browser takes, and are kept until they change', async () => {
    const seen = new Set<string>();
    const open = ['/'];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const { status, headers, text } = await get(path);
      const type = String(headers['content-type']).split(';', 1)[0];
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(['text/html', 'text/css', 'text/javascript', 'image/svg+xml']).toContain(type);
      const { etag = '' } = headers;
      expect(etag).toMatch(/^"[\w-]{22}"$/);
      const again = await get(path, { headers: { 'If-None-Match': etag } });
      expect(again).toMatchObject({ status: 304, text: '' });
      const changed = await get(path, { headers: { 'If-None-Match': '"other"' } });
      expect(changed.status).toBe(200);
      seen.add(path);
      const found = path.endsWith('uplot.js') ? [] : filesOf(path, text);
      open.push(...found.filter((file) => !seen.has(file) && !open.includes(file)));
    }
    expect(seen.size).toBeGreaterThan(20);
  });

  it('ask nobody else, and put texts in as texts', async () => {
    const open = filesOf('/', (await get('/')).text);
    const names = ['users', 'dead-letters', 'revenue', 'revenue-chart'];
    const modules = [...open, ...names.map((name) => `/dashboard/${name}.js`)];
    for (const path of modules.filter((name) => name.endsWith('.js') && !name.includes('uplot'))) {
      const { text } = await get(path);
      expect(text).not.toMatch(/https?:|innerHTML|outerHTML|insertAdjacentHTML|\beval\b|cookie/);
    }
  });

  it.each([
    ...['/dashboard/none.js', '/dashboard/index.html', '/dashboard/tsconfig.json'],
    ...['/dashboard/types.d.ts', '/dashboard/..%2fpage-files.js', '/dashboard/__proto__'],
    ...['/dashboard', '/dashboard/', '/dashboard/a/b', '/dashboard.css'],
  ])('are no others: %s', async (path) => {
    expect((await get(path)).json).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
  });
});
