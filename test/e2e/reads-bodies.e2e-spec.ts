import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const BODY_BYTES_MAX = 20_000;
const ITEMS_MAX = 10;
const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { JSON_BODY_BYTES_MAX: `${BODY_BYTES_MAX}`, ARRAY_ITEMS_MAX: `${ITEMS_MAX}` };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterAll(() => database.drop());

const post = (body: unknown, headers: Record<string, string> = {}): ReturnType<typeof postEvents> =>
  postEvents(application.serverUrl, body, headers);

/** `body` must be refused so, and leave nothing in the log. */
async function expectRefusal(
  answer: ReturnType<typeof postEvents>,
  expected: { readonly status: number; readonly code: string },
): Promise<void> {
  const before = await storedRecords(application);
  const { status, json, headers } = await answer;
  expect({ status, code: json.code }).toEqual(expected);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(await storedRecords(application)).toEqual(before);
}

describe('a body', () => {
  it('of as many bytes as are allowed is taken, and refused with one byte more', async () => {
    const longest = EVENT.padEnd(BODY_BYTES_MAX, ' ');
    expect((await post(longest)).status).toBe(202);
    await expectRefusal(post(`${longest} `), { status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('of 50 MB is refused, and its sender hears so', async () => {
    await expectRefusal(post(Buffer.alloc(50_000_000, ' ')), {
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
  });

  it('without a length is counted, too', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    expect((await post(EVENT, headers)).status).toBe(202);
    await expectRefusal(post(EVENT.padEnd(BODY_BYTES_MAX + 1), headers), {
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
  });

  it('with as many items as are allowed is taken, and refused with one more', async () => {
    const items = Array.from({ length: ITEMS_MAX }, () => EVENT);
    expect((await post(`[${items.join()}]`)).json.accepted).toBe(ITEMS_MAX);
    await expectRefusal(post(`[${[...items, EVENT].join()}]`), {
      status: 413,
      code: 'ARRAY_TOO_LONG',
    });
  });

  it.each([
    ['application/json; charset=utf-8', 202],
    ['application/json;charset="UTF-8"', 202],
    ['Application/JSON', 202],
    ['application/json; charset=latin1', 415],
    ['application/json; charset=utf-16', 415],
    ['application/jsonp', 415],
    ['text/json', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['', 415],
  ])('that is called "%s" is answered with %d', async (type, status) => {
    const headers = { 'Content-Type': type };
    if (status === 202) expect((await post(EVENT, headers)).status).toBe(202);
    else await expectRefusal(post(EVENT, headers), { status, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  it('without a type is refused', async () => {
    const request = sendRequest(application.serverUrl, '/events', { method: 'POST', body: EVENT });
    await expectRefusal(request, { status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  it('may begin with a byte order mark', async () => {
    expect((await post(Buffer.concat([BOM, Buffer.from(EVENT)]))).status).toBe(202);
  });

  it('that is not UTF-8 is refused, not made to fit', async () => {
    const bytes = Buffer.from(EVENT.replace('abc', '\xfcbc'), 'latin1');
    await expectRefusal(post(bytes), { status: 400, code: 'INVALID_UTF8' });
    const cut = Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xe2, 0x82])]);
    await expectRefusal(post(cut), { status: 400, code: 'INVALID_UTF8' });
  });

  it('that nests too deeply is refused with the counts, unparsed', async () => {
    const deep = '['.repeat(BODY_BYTES_MAX / 2) + ']'.repeat(BODY_BYTES_MAX / 2);
    await expectRefusal(post(deep), { status: 400, code: 'INVALID_JSON' });
    const { json } = await post(deep);
    expect(json).toMatchObject({ accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 });
    expect(json.detail).toContain('nested too deeply');
  });

  it('that its sender cuts off stores nothing, and does no harm', async () => {
    const before = await storedRecords(application);
    const { hostname, port } = new URL(application.serverUrl);
    const socket = createConnection(Number(port), hostname);
    const head = `POST /events HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n`);
    await once(socket, 'data'); // it is waiting for the body now
    socket.end(EVENT);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*"code":"BODY_INCOMPLETE"/);
    expect(await storedRecords(application)).toEqual(before);
    expect((await post(EVENT)).status).toBe(202);
  });
});

describe('a gzipped body', () => {
  const gzip = { 'Content-Encoding': 'gzip' };

  it('is taken, one event and an array', async () => {
    expect((await post(gzipSync(EVENT), gzip)).json.accepted).toBe(1);
    expect((await post(gzipSync(`[${EVENT},${EVENT}]`), gzip)).json.accepted).toBe(2);
  });

  it('that unpacks to a gigabyte is refused before it does', async () => {
    const megabyte = Buffer.alloc(1_000_000, ' ');
    // Members of gzip may follow each other, so the whole is the same one again and again.
    const bomb = Buffer.concat(Array.from({ length: 1_000 }, () => gzipSync(megabyte)));
    const before = await residentBytes();
    await expectRefusal(post(bomb, gzip), { status: 413, code: 'BODY_TOO_LARGE' });
    expect((await residentBytes()) - before).toBeLessThan(200_000_000);
  });

  it('that is none, or is cut, is refused with the counts', async () => {
    const refusal = { status: 400, code: 'BODY_BROKEN' };
    await expectRefusal(post(EVENT, gzip), refusal);
    await expectRefusal(post(gzipSync(EVENT).subarray(0, -8), gzip), refusal);
    const { json } = await post(EVENT, gzip);
    expect(json).toMatchObject({ accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 });
  });

  it('in a coding that nobody knows is refused', async () => {
    const unknown = { 'Content-Encoding': 'zip' };
    await expectRefusal(post(EVENT, unknown), { status: 415, code: 'ENCODING_UNSUPPORTED' });
  });
});

/** 0 where the system has no such file: the bound is then not looked at. */
async function residentBytes(): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const status = await readFile(`/proc/${application.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
