import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { SmallDisk } from '../support/small-disk.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase } from '../support/test-database.js';
import { NDJSON, openPost, sendLines, startIngest } from './ingest-support.js';

const MEBIBYTE = 1024 * 1024;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});

/** Lines without ids, so that each one that is sent twice counts twice. */
const linesOf = (sender: string, count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `{"userId":"${sender}","name":"add_revenue","value":${i}}`,
  );

/** What an answer to lines that were stopped must look like, whatever stopped them. @returns how many were read */
function readOf({ status, json, headers }: Answer, codes: readonly string[]): number {
  const counts = { accepted: expect.any(Number), duplicates: 0, rejected: [], rejectedTotal: 0 };
  expect(json).toMatchObject(counts);
  if (status === 207) {
    expect(codes).toContain(json.stopped.code);
    expect(json.stopped.retryAfter).toBeGreaterThan(0);
    expect(json.accepted).toBeGreaterThan(0);
    expect(json.read).toBe(json.accepted);
    return Number(json.read);
  }
  expect([429, 503]).toContain(status);
  expect(codes).toContain(json.code);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(json.accepted).toBe(0);
  return 0;
}

/** Of one request: what is left of it when it is stopped is read on, so that its sender hears of the stop. */
const LINES_MAX = 4_000;

/** Sends all lines, again from where it was stopped each time. @returns by which codes it was stopped, and how often half-way */
async function sendAll(
  baseUrl: string,
  lines: readonly string[],
  { codes, onStop }: { codes: readonly string[]; onStop?: () => unknown },
): Promise<{ stops: number; halfWay: number }> {
  let [from, stops, halfWay] = [0, 0, 0];
  for (;;) {
    const part = lines.slice(from, from + LINES_MAX);
    if (part.length === 0) return { stops, halfWay };
    const answer = await sendLines(baseUrl, part);
    if (answer.status === 202) {
      expect(answer.json).toMatchObject({ accepted: part.length, duplicates: 0 });
      from += part.length;
      continue;
    }
    const read = readOf(answer, codes);
    from += read;
    stops += 1;
    if (read > 0) halfWay += 1;
    await onStop?.();
    await sleep(20);
  }
}

/** Of one sender, the values as they stand in the log. */
async function storedOf(application: RunningApplication, sender: string): Promise<unknown[]> {
  const records = await storedRecords(application);
  return records.filter(({ userId }) => userId === sender).map(({ value }) => value);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('lines that are stopped half-way, sent again from the item that was not read', () => {
  it('are each stored once when a full queue stopped them', async () => {
    const [senders, count] = [6, 12_000];
    const { application, end } = await startIngest({ APPEND_QUEUE_BYTES_MAX: '100000' });
    undo.push(end);
    const names = upTo(senders).map((i) => `sender-${i}`);
    const sent = await Promise.all(
      names.map((name) =>
        sendAll(application.serverUrl, linesOf(name, count), { codes: ['QUEUE_FULL'] }),
      ),
    );
    expect(sent.reduce((sum, { stops }) => sum + stops, 0)).toBeGreaterThan(0);
    expect(sent.reduce((sum, { halfWay }) => sum + halfWay, 0)).toBeGreaterThan(0);
    for (const name of names) expect(await storedOf(application, name)).toEqual(upTo(count));
  });

  it('are each stored once when a full disk stopped them', async () => {
    const dataDir = join(await temporaryDirectory(), 'data');
    const disk = SmallDisk.mount(dataDir, 8 * MEBIBYTE);
    if (disk === null) return; // only who may mount can have a small disk
    undo.push(() => disk.remove());
    const { application, end } = await startIngest({ DISK_FREE_BYTES_MIN: '0' }, dataDir);
    undo.push(end);
    const count = 200_000; // some 18 MB of records
    let size = 8;
    const sent = await sendAll(application.serverUrl, linesOf('sender', count), {
      codes: ['LOG_UNAVAILABLE', 'DISK_FULL'],
      onStop: () => {
        if (size < 64) disk.resize((size += 8) * MEBIBYTE);
      },
    });
    expect(sent.halfWay).toBeGreaterThan(0);
    expect(await storedOf(application, 'sender')).toEqual(upTo(count));
  });

  it('are each stored once when a long backlog stopped them', async () => {
    const database = await createTestDatabase();
    const proxy = await DatabaseProxy.create(database.url);
    await proxy.open();
    const env = { BACKLOG_BYTES_MAX: '1000000' };
    const application = await RunningApplication.start({ databaseUrl: proxy.url, env });
    undo.push(
      () => database.drop(),
      () => proxy.close(),
      () => application.kill(),
    );
    const url = application.serverUrl;
    const first = linesOf('first', 10);
    await sendLines(url, first);
    await eventually(async () => (await sendRequest(url, '/status')).json.lag.bytes === 0);
    await proxy.close(); // the backlog grows until the database is back
    const count = 50_000;
    let stops = 0;
    const sent = await sendAll(url, linesOf('sender', count), {
      codes: ['BACKLOG_FULL'],
      onStop: async () => {
        stops += 1;
        if (stops === 3) await proxy.open();
      },
    });
    expect(sent.halfWay).toBeGreaterThan(0);
    expect(await storedOf(application, 'sender')).toEqual(upTo(count));
    const sum = String((count * (count - 1)) / 2);
    await eventually(
      async () => (await sendRequest(url, '/users/sender/revenue')).json.revenue === sum,
    );
  });
});

describe('a sender that goes on behind the answer', () => {
  const body = Buffer.from(`${linesOf('sender', 190_000).join('\n')}\n`);
  const parts = Array.from({ length: Math.ceil(body.length / 65_536) }, (_, i) =>
    body.subarray(i * 65_536, (i + 1) * 65_536),
  );

  it.each([
    ['in chunks', {}],
    ['with its length', { 'Content-Length': body.length }],
  ])('reads that 10 MB were stopped, sent %s', async (_, length) => {
    expect(body.length).toBeGreaterThan(10_000_000);
    const { application, end } = await startIngest({ KEY_EVENTS_PER_SECOND_MAX: '1000' });
    undo.push(end);
    let [stored, halfWay] = [0, 0];
    for (let round = 0; round < 10 || halfWay < 3; round += 1) {
      const post = openPost(application.serverUrl, { ...NDJSON, ...length });
      const sending = pipeline(Readable.from(parts), post.request).catch(() => undefined);
      const read = readOf(await post.answer, ['RATE_LIMITED']);
      expect(read).toBeLessThan(190_000);
      if (read > 0) halfWay += 1;
      stored += read;
      await sending;
    }
    expect(await storedRecords(application)).toHaveLength(stored);
  });
});
