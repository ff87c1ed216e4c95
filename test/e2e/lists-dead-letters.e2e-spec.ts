import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DatabaseProxy } from '../support/database-proxy.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LOG = '11111111-1111-4111-8111-111111111111';
const BIG_OFFSET = 2 ** 52 + 1;

interface Stored {
  readonly bytes: Buffer;
  /** Of the whole record; that of `bytes` where it is left out. */
  readonly length?: number;
  readonly state?: string;
}

/** Each at the offset BIG_OFFSET + its place here. */
const STORED: readonly Stored[] = [
  { bytes: Buffer.from('not an event\n') },
  { bytes: Buffer.from([0x61, 0xff, 0x62, 0x00, 0xc3, 0x28, 0x0a]) },
  { bytes: Buffer.from(`${'x'.repeat(4_095)}é and more\n`), state: 'resolved' },
  { bytes: Buffer.from('\ufeffa mark\n'), state: 'claimed' },
  { bytes: Buffer.alloc(64 * 1024, 'y'), length: 3 * 1024 * 1024 },
  { bytes: Buffer.alloc(0), length: 70_000, state: 'reloaded' },
  { bytes: Buffer.from('cut \u{1f680}').subarray(0, 6), state: 'open' },
];

let database: TestDatabase;
let proxy: DatabaseProxy;
let application: RunningApplication;
const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);
const offsetsOf = ({ json }: Answer): number[] =>
  (json.deadLetters as { offset: number }[]).map(({ offset }) => offset - BIG_OFFSET);

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.create(database.url);
  await proxy.open();
  application = await RunningApplication.start({ databaseUrl: proxy.url });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const [index, { bytes, length = bytes.length, state = 'open' }] of STORED.entries()) {
    await client.query(
      `insert into dead_letters (log_id, "offset", length, bytes, code, message, state)
       values ($1, $2, $3, $4, 'INVALID_JSON', 'because', $5)`,
      [LOG, BIG_OFFSET + index, length, bytes, state],
    );
  }
  await client.query(
    `insert into resubmissions values ($1, $2, '{"userId":"é","name":"add_revenue","value":0.1}',
       null, now(), $1, $2, now())`,
    [LOG, BIG_OFFSET + 2],
  );
  await client.end();
});
afterAll(async () => {
  await application.kill();
  await proxy.close();
  await database.drop();
});

describe('the list of dead letters', () => {
  it('has the newest last, each with its reason, its place and its state', async () => {
    const answer = await get('/deadLetters');
    expect([answer.status, answer.json.next]).toEqual([200, null]);
    expect(offsetsOf(answer)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(answer.json.deadLetters[0]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      logId: LOG,
      offset: BIG_OFFSET,
      length: 13,
      code: 'INVALID_JSON',
      message: 'because',
      state: 'open',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      raw: 'not an event\n',
      truncated: false,
    });
  });

  it('shows the first bytes as text, and says where there are more', async () => {
    const { json } = await get('/deadLetters');
    const shown = (json.deadLetters as { raw: string; truncated: boolean }[]).map(
      ({ raw, truncated }) => [raw, truncated],
    );
    expect(shown).toEqual([
      ['not an event\n', false],
      ['a\ufffdb\0\ufffd(\n', false],
      ['x'.repeat(4_095), true],
      ['\ufeffa mark\n', false],
      ['y'.repeat(4_096), true],
      ['', true],
      ['cut \ufffd', false],
    ]);
  });

  it.each([1, 2, 3, STORED.length - 1, STORED.length])(
    'comes in pages of %d that together are the whole',
    async (limit) => {
      const found: number[] = [];
      for (let path: string | null = `/deadLetters?limit=${limit}`; path !== null;) {
        const page: Answer = await get(path);
        expect(offsetsOf(page).length).toBeLessThanOrEqual(limit);
        found.push(...offsetsOf(page));
        const { next } = page.json;
        path = next === null ? null : `/deadLetters?limit=${limit}&after=${String(next)}`;
      }
      expect(found).toEqual([0, 1, 2, 3, 4, 5, 6]);
    },
  );

  it.each([
    ['open', [0, 1, 4, 6]],
    ['claimed', [3]],
    ['resolved', [2]],
    ['reloaded', [5]],
  ])('is of one state when that is asked for: %s', async (state, expected) => {
    expect(offsetsOf(await get(`/deadLetters?state=${state}`))).toEqual(expected);
  });

  it('ends after its last one', async () => {
    const { json } = await get(`/deadLetters?after=${'9'.repeat(18)}`);
    expect(json).toEqual({ deadLetters: [], next: null });
  });

  it.each([
    'limit=0',
    'limit=',
    'limit=501',
    'limit=1.5',
    'limit=1&limit=2',
    'after=',
    'after=-1',
    'after=abc',
    'after=%00',
    `after=${'9'.repeat(19)}`,
    'after=1&after=2',
    'state=',
    'state=lost',
    'state=open&state=open',
    'page=2',
  ])('is not given for %s', async (query) => {
    const { status, json } = await get(`/deadLetters?${query}`);
    expect([status, json.code]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('a dead letter', () => {
  const idOf = async (index: number): Promise<string> =>
    (await get('/deadLetters')).json.deadLetters[index].id as string;

  it.each(STORED.map((_, index) => index))('has all bytes that are kept: %d', async (index) => {
    const bytes = STORED[index]?.bytes ?? Buffer.alloc(0);
    const { json } = await get(`/deadLetters/${await idOf(index)}`);
    expect(Buffer.from(json.base64 as string, 'base64').equals(bytes)).toBe(true);
    const length = STORED[index]?.length ?? bytes.length;
    expect([json.length, json.truncated]).toEqual([length, length > bytes.length]);
    expect(json.raw).toBe(bytes.toString('utf8'));
  });

  it('has its corrected event, and which record counts', async () => {
    expect((await get(`/deadLetters/${await idOf(0)}`)).json.resubmission).toBeNull();
    const { json } = await get(`/deadLetters/${await idOf(2)}`);
    expect(json.resubmission).toEqual({
      event: { userId: 'é', name: 'add_revenue', value: 0.1 },
      claimedBy: null,
      claimedAt: expect.any(String),
      loaded: { logId: LOG, offset: BIG_OFFSET + 2, at: expect.any(String) },
    });
  });

  it.each([
    ['0', 404, 'DEAD_LETTER_UNKNOWN'],
    ['9'.repeat(18), 404, 'DEAD_LETTER_UNKNOWN'],
    ['9'.repeat(19), 400, 'REQUEST_INVALID'],
    ['abc', 400, 'REQUEST_INVALID'],
    ['-1', 400, 'REQUEST_INVALID'],
    ['1e3', 400, 'REQUEST_INVALID'],
    ['%00', 400, 'REQUEST_INVALID'],
  ])('is not found under %s', async (id, status, code) => {
    const answer = await get(`/deadLetters/${id}`);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });
});

describe('while the database is away', () => {
  beforeAll(() => proxy.close());

  it.each([
    ['GET', '/deadLetters'],
    ['GET', '/deadLetters/1'],
    ['POST', '/deadLetters/1/resubmit'],
  ])('nobody is told anything else: %s %s', async (method, path) => {
    const body =
      method === 'POST' ? { userId: 'abc123', name: 'add_revenue', value: 1 } : undefined;
    const answer = await sendRequest(application.serverUrl, path, { method, body });
    expect([answer.status, answer.json.code]).toEqual([503, 'DATABASE_AWAY']);
    expect(answer.headers['retry-after']).toBe('2');
  });
});
