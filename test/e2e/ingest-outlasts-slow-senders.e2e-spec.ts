import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApplication } from '../support/running-application.js';
import { postEvents } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { headOf, lastWords, openSocket, startIngest } from './ingest-support.js';

const SENDERS = 1_000;
const EVENT = '{"userId":"abc123","name":"add_revenue","value":1}';
const BYTE_EVERY_MS = 500;
const MIN_RATE = { BODY_BYTES_PER_SECOND_MIN: '100' };
const JSON_HEAD = headOf('Content-Type: application/json', 'Content-Length: 100000');
const LINES_HEAD = headOf('Content-Type: application/x-ndjson', 'Content-Length: 100000');

let application: RunningApplication;
let end: () => Promise<void>;
beforeAll(async () => {
  // Headers have more time: a head that waited to be read must not count as a slow one.
  const env = { ...MIN_RATE, HEADERS_SECONDS_MAX: '6', BODY_IDLE_SECONDS_MAX: '3' };
  ({ application, end } = await startIngest(env));
});
afterAll(() => end());

/** Sends the beginning at once, then a byte now and then, until the other side ends; resolves with its last words. */
async function dribble(start: string, byte: string): ReturnType<typeof lastWords> {
  const socket = await openSocket(application.serverUrl);
  socket.on('error', () => undefined); // cut off in the middle of a byte
  socket.write(start);
  const timer = setInterval(() => {
    if (byte !== '' && socket.writable) socket.write(byte);
  }, BYTE_EVERY_MS);
  return lastWords(socket).finally(() => {
    clearInterval(timer);
  });
}

const KINDS = [
  { what: 'headers', start: 'POST /events HTTP/1.1\r\nX-Slow: ', byte: 'x' },
  { what: 'a JSON body', start: `${JSON_HEAD}[${EVENT}`, byte: ' ' },
  { what: 'lines', start: LINES_HEAD, byte: ' ' },
  { what: 'nothing after the head', start: LINES_HEAD, byte: '' },
];

describe('a thousand slow senders', () => {
  it('stop nobody else, and are cut off with 408', async () => {
    let over = false;
    const slow = Promise.all(
      Array.from({ length: SENDERS }, (_, i) => dribble(KINDS[i % 4]!.start, KINDS[i % 4]!.byte)),
    ).finally(() => (over = true));
    let served = 0;
    while (!over) {
      const answer = await postEvents(application.serverUrl, EVENT);
      expect(answer.status).toBe(202);
      served += 1;
      await sleep(10); // leaves the slow ones their turn
    }
    const words = await slow;
    const kinds = words.map(
      ({ status, json }, i) => `${KINDS[i % 4]!.what}: ${status} ${String(json?.['code'])}`,
    );
    expect(Object.fromEntries(KINDS.map(({ what }) => [what, kindsOf(kinds, what)]))).toEqual({
      'a JSON body': ['408 BODY_TOO_SLOW'],
      lines: ['408 BODY_TOO_SLOW'],
      'nothing after the head': ['408 BODY_TOO_SLOW'],
      headers: [expect.stringMatching(/^408 /)],
    });
    expect(await storedRecords(application)).toHaveLength(served);
  });
});

const kindsOf = (kinds: readonly string[], what: string): string[] => [
  ...new Set(
    kinds.filter((kind) => kind.startsWith(`${what}: `)).map((kind) => kind.slice(what.length + 2)),
  ),
];

describe('a slow sender of lines', () => {
  const lines = `${EVENT}\n`.repeat(3);

  it('hears how many were taken before it was too slow', async () => {
    const before = (await storedRecords(application)).length;
    const { status, json } = await dribble(`${LINES_HEAD}${lines}`, ' ');
    expect(status).toBe(207);
    expect(json).toMatchObject({ accepted: 3, read: 3, stopped: { code: 'BODY_TOO_SLOW' } });
    expect((await storedRecords(application)).length - before).toBe(3);
  });

  it('is no slow one while it keeps to the bound, however long it takes', async () => {
    const env = { ...MIN_RATE, HEADERS_SECONDS_MAX: '6', BODY_IDLE_SECONDS_MAX: '6' };
    const patient = await startIngest(env);
    const socket = await openSocket(patient.application.serverUrl);
    const count = 25; // 400 ms each, so longer than each of the bounds
    const line = `${EVENT.padEnd(399)}\n`; // ten times the rate that is asked for
    socket.write(
      headOf('Content-Type: application/x-ndjson', `Content-Length: ${line.length * count}`),
    );
    const words = lastWords(socket);
    for (let sent = 0; sent < count; sent += 1) {
      socket.write(line);
      await sleep(400);
    }
    socket.end();
    expect(await words).toMatchObject({ status: 202, json: { accepted: count } });
    await patient.end();
  });
});
