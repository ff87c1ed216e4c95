import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { systemError } from '../../support/staging-log-faults.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { ingestOver } from './ingest-over-log.js';

/** So many that there are more commits than the last one that fails, also where each takes long. */
const COUNT = 3_000;
/** Lines of one write; each becomes an append of its own, several of which are under way at once. */
const LINES_AT_ONCE = 20;

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});

interface Heard {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** Sends the lines of a sender without ids, from one on, while they are appended. */
async function send(url: string, sender: string, from: number): Promise<Heard> {
  const headers = { 'Content-Type': 'application/x-ndjson' };
  const outgoing = request(url, { method: 'POST', headers, agent: false });
  const answer = new Promise<Heard>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.once('response', (response) => {
      text(response).then((body) => {
        const json = JSON.parse(body) as Heard['json'];
        resolve({ status: response.statusCode ?? 0, json });
      }, reject);
    });
  });
  for (let value = from; value < COUNT; value += 1) {
    outgoing.write(`{"userId":"${sender}","name":"add_revenue","value":${value}}\n`);
    if (value % LINES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  outgoing.end();
  if (!outgoing.writableFinished) await Promise.race([once(outgoing, 'finish'), answer]);
  return answer;
}

/** Sends again from the line that was not read, until all are taken. @returns how often it was stopped */
async function sendAll(url: string, sender: string, settled: () => Promise<void>): Promise<number> {
  let [from, stops] = [0, 0];
  for (;;) {
    const { status, json } = await send(url, sender, from);
    if (status === 202) {
      expect(json).toEqual({ accepted: COUNT - from, duplicates: 0, rejected: [] });
      return stops;
    }
    stops += 1;
    if (status === 207) {
      expect(json).toMatchObject({ stopped: { code: 'LOG_UNAVAILABLE' }, read: json['accepted'] });
      from += Number(json['read']);
    } else {
      expect({ status, ...json }).toMatchObject({
        status: 503,
        code: 'LOG_UNAVAILABLE',
        accepted: 0,
      });
    }
    await settled();
  }
}

const ALL = Array.from({ length: COUNT }, (_, i) => i);

describe('lines without ids, sent again from where their body was stopped', () => {
  it.each(
    (['write', 'fdatasync'] as const).flatMap((call) =>
      [1, 2, 3, 5, 8].map((nth) => [call, nth] as const),
    ),
  )('are each stored once, in their order, when %s number %i fails', async (call, nth) => {
    const bench = await StagingLogWorkbench.create();
    undo.push(() => bench.remove());
    const log = await bench.open();
    const { url, close } = await ingestOver(log);
    undo.push(close);
    bench.files.failNext(call, systemError('EIO'), [nth]);
    const settled = (): Promise<void> => eventually(() => log.health().kind === 'accepting');
    const senders = ['first', 'second', 'third'];
    const stops = await Promise.all(senders.map((sender) => sendAll(url, sender, settled)));
    expect(Math.max(...stops)).toBeGreaterThan(0);
    const lines = (await bench.bytes()).toString().trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { userId: string; value: number });
    for (const sender of senders) {
      const stored = records.filter(({ userId }) => userId === sender).map(({ value }) => value);
      expect(stored).toEqual(ALL);
    }
  });
});
