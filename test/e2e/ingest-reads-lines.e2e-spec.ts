import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import {
  headOf,
  lastWords,
  NDJSON,
  openPost,
  openSocket,
  sendLines,
  sendParts,
  startIngest,
} from './ingest-support.js';

const LINE_BYTES_MAX = 2_000;
const NAMED_MAX = 10;

let application: RunningApplication;
let end: () => Promise<void>;
beforeAll(async () => {
  const env = { LINE_BYTES_MAX: `${LINE_BYTES_MAX}`, REJECTED_ITEMS_MAX: `${NAMED_MAX}` };
  ({ application, end } = await startIngest(env));
});
afterAll(() => end());

const event = (value: number): string =>
  `{"userId":"abc123","name":"add_revenue","value":${value}}`;
const values = async (): Promise<unknown[]> =>
  (await storedRecords(application)).map(({ value }) => value);

/** What `act` puts into the log, by value, and what it is answered. */
async function storedBy<T>(act: () => Promise<T>): Promise<{ answer: T; stored: unknown[] }> {
  const before = (await values()).length;
  const answer = await act();
  return { answer, stored: (await values()).slice(before) };
}

describe('lines', () => {
  it('are counted without the blank ones', async () => {
    const lines = ['', event(1), ' \t\r', '{}', '\r', '', event(2), 'nonsense', '\t'];
    const { answer, stored } = await storedBy(() => sendLines(application.serverUrl, lines));
    expect(answer.status).toBe(207);
    expect(answer.json).toMatchObject({
      accepted: 2,
      rejectedTotal: 2,
      rejected: [
        { index: 1, code: 'USER_ID_MISSING' },
        { index: 3, code: 'INVALID_JSON' },
      ],
    });
    expect(stored).toEqual([1, 2]);
  });

  it.each([
    ['nothing', ''],
    ['blank lines', '\n\r\n \t\n'],
    ['blank text without an end', '  '],
  ])('of %s are an empty body', async (_, body) => {
    const answer = await sendParts(application.serverUrl, NDJSON, [body]);
    expect(answer).toMatchObject({
      status: 202,
      json: { accepted: 0, duplicates: 0, rejected: [] },
    });
  });

  it('may end with CR LF, begin with a byte order mark, and lack the last end', async () => {
    const body = `\ufeff${event(1)}\r\n${event(2)}\r\n${event(3)}`;
    const { answer, stored } = await storedBy(() =>
      sendParts(application.serverUrl, NDJSON, [body]),
    );
    expect(answer).toMatchObject({ status: 202, json: { accepted: 3 } });
    expect(stored).toEqual([1, 2, 3]);
  });

  it('are the same lines however the bytes come', async () => {
    const body = Buffer.from(
      `\ufeff${event(1)}\r\n\n{"userId":"Zoë 😀","name":"add_revenue","value":2}\n${event(3)}`,
    );
    const bytes = Array.from(body, (byte) => Buffer.of(byte));
    const { answer, stored } = await storedBy(() =>
      sendParts(application.serverUrl, NDJSON, bytes),
    );
    expect(answer).toMatchObject({ status: 202, json: { accepted: 3 } });
    expect(stored).toEqual([1, 2, 3]);
  });

  it('may be as long as the bound, and one byte more is refused, and the next is read', async () => {
    const [fits, long] = [0, 1].map((more) => event(1).padEnd(LINE_BYTES_MAX + more));
    const huge = `"${'x'.repeat(3_000_000)}"`;
    const { answer, stored } = await storedBy(() =>
      sendLines(application.serverUrl, [fits!, long!, huge, event(2)]),
    );
    expect(answer.status).toBe(207);
    expect(answer.json).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, code: 'LINE_TOO_LONG' },
        { index: 2, code: 'LINE_TOO_LONG' },
      ],
    });
    expect(stored).toEqual([1, 2]);
  });

  it('that are refused are all counted, and the first ones are named', async () => {
    const lines = Array.from({ length: 50 }, (_, i) => (i % 2 ? event(i) : '{}'));
    const { json } = await sendLines(application.serverUrl, lines);
    expect(json).toMatchObject({ accepted: 25, rejectedTotal: 25 });
    const named = Array.from({ length: NAMED_MAX }, (_, i) => ({ index: 2 * i }));
    expect(json.rejected).toMatchObject(named);
  });

  it('that are all refused are answered with 400', async () => {
    const answer = await sendLines(application.serverUrl, ['{}', '[]', '7']);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'ALL_REJECTED', accepted: 0, rejectedTotal: 3 });
  });
});

describe('a body of lines that is cut', () => {
  const whole = `${event(1)}\n${event(2)}\n`;
  const longer = 'Content-Length: 1000';
  const type = 'Content-Type: application/x-ndjson';

  it('keeps the whole lines, and not the last one, though it may look whole', async () => {
    const { stored } = await storedBy(async () => {
      const socket = await openSocket(application.serverUrl);
      socket.end(`${headOf(type, longer)}${whole}${event(3)}`);
      await lastWords(socket);
    });
    expect(stored).toEqual([1, 2]);
  });

  it.each([
    ['within its first line', `${headOf(type, longer)}${event(1)}`],
    ['between two chunks', `${headOf(type, 'Transfer-Encoding: chunked')}5\r\n{"use\r\n`],
    ['before its first byte', headOf(type, longer)],
  ])('stores nothing when that is %s, and the server goes on', async (_, bytes) => {
    const { answer, stored } = await storedBy(async () => {
      const socket = await openSocket(application.serverUrl);
      socket.end(bytes);
      return lastWords(socket);
    });
    // Who has ended a connection may find it closed, or be told why.
    expect([null, 400]).toContain(answer.status);
    expect(stored).toEqual([]);
    expect((await postEvents(application.serverUrl, event(9))).status).toBe(202);
  });

  it('is told from one that is packed and broken: what was whole before the break is kept', async () => {
    const packed = gzipSync(`${whole}${event(3)}`);
    const headers = { ...NDJSON, 'Content-Encoding': 'gzip' };
    const cut = packed.subarray(0, -6);
    const { answer, stored } = await storedBy(() =>
      sendParts(application.serverUrl, headers, [cut]),
    );
    expect(answer.status).toBe(207);
    expect(answer.json).toMatchObject({ accepted: 2, read: 2, stopped: { code: 'BODY_BROKEN' } });
    expect(stored).toEqual([1, 2]);
    const nothing = await sendParts(application.serverUrl, headers, ['this is no gzip']);
    expect(nothing).toMatchObject({ status: 400, json: { code: 'BODY_BROKEN', accepted: 0 } });
  });
});

describe('a live stream', () => {
  it('has its lines in the log long before it ends, and is acknowledged at its end', async () => {
    const before = (await values()).length;
    const { request, answer } = openPost(application.serverUrl, NDJSON);
    for (let value = 1; value <= 10; value += 1) {
      request.write(`${event(value)}\n`);
      await sleep(200);
      await eventually(async () => (await values()).length - before === value);
    }
    const { json } = await sendRequest(application.serverUrl, '/status');
    expect(json.log.endOffset).toBeGreaterThan(0);
    request.end();
    expect(await answer).toMatchObject({
      status: 202,
      json: { accepted: 10, duplicates: 0, rejected: [] },
    });
  });
});
