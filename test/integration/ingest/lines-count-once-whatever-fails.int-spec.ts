import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { eventually } from '../../support/eventually.js';
import { systemError } from '../../support/staging-log-faults.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { ingestOver } from './ingest-over-log.js';

const COUNT = 3_000;
/** More commits than the last one that fails. */
const COMMITS_MIN = 10;
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

/** The ingest that is sent to, and its log. */
interface Target {
  readonly url: string;
  readonly log: StagingLog;
}

/** Sends the lines of a sender without ids, from one on, while they are appended: the first ones by commits of their own. */
async function send({ url, log }: Target, sender: string, from: number): Promise<Heard> {
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
    const end = log.endOffset();
    outgoing.write(`{"userId":"${sender}","name":"add_revenue","value":${value}}\n`);
    if (value % LINES_AT_ONCE !== 0) continue;
    const ownCommit = value - from < COMMITS_MIN * LINES_AT_ONCE;
    await (ownCommit ? Promise.race([answer, grows(log, end)]) : sleep(1));
  }
  outgoing.end();
  if (!outgoing.writableFinished) await Promise.race([once(outgoing, 'finish'), answer]);
  return answer;
}

const grows = (log: StagingLog, end: number): Promise<void> =>
  eventually(() => log.endOffset() > end || log.health().kind === 'refusing');

/** Sends again from the line that was not read, until all are taken. @returns how often it was stopped */
async function sendAll(target: Target, sender: string): Promise<number> {
  let [from, stops] = [0, 0];
  for (;;) {
    const { status, json } = await send(target, sender, from);
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
    await eventually(() => target.log.health().kind === 'accepting');
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
    const senders = ['first', 'second', 'third'];
    const stops = await Promise.all(senders.map((sender) => sendAll({ url, log }, sender)));
    expect(Math.max(...stops)).toBeGreaterThan(0);
    const lines = (await bench.bytes()).toString().trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { userId: string; value: number });
    for (const sender of senders) {
      const stored = records.filter(({ userId }) => userId === sender).map(({ value }) => value);
      expect(stored).toEqual(ALL);
    }
  });
});
