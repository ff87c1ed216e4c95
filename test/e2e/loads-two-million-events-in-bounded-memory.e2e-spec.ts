import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENTS = 2_000_000;
const USERS = 10_000;
const RSS_BYTES_MAX = 250 * 1024 * 1024;

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

/** A log as ingest would have left it: every other event with an id, all within the dedupe window. */
async function stageEvents(dataDir: string): Promise<void> {
  const directory = join(dataDir, 'staging');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'log.identity'), `${randomUUID()}\n`);
  const segment = createWriteStream(join(directory, `${'0'.repeat(20)}.jsonl`));
  const [runId, timestamp] = [randomUUID(), Date.now()];
  let text = '';
  for (let n = 0; n < EVENTS; n++) {
    const id = n % 2 === 0 ? '' : `"id":"${runId}:${n}",`;
    text += `{"timestamp":${timestamp},${id}"userId":"user-${n % USERS}","name":"add_revenue","value":${n / 100}}\n`;
    if (text.length < 1_000_000) continue;
    if (!segment.write(text)) await once(segment, 'drain');
    text = '';
  }
  segment.end(text);
  await once(segment, 'finish');
}

/** The largest resident set that the process has had so far; where only `ps` tells, the present one. */
async function peakRss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  if (status === null) return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]));
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
}

test('loads two million events of 10,000 users from a cold start within 250 MB', async () => {
  const dataDir = await temporaryDirectory();
  await stageEvents(dataDir);
  const application = await RunningApplication.start({
    dataDir,
    databaseUrl: database.url,
    readyTimeoutMs: 120_000,
  });
  const url = application.serverUrl;
  await eventually(async () => {
    const { json } = await sendRequest(url, '/status');
    return json.checkpoint?.events === EVENTS;
  }, 240_000);
  const peak = await peakRss(application.pid);
  // User 7 has the events 7, 10007, 20007, … at n / 100 each.
  const times = EVENTS / USERS;
  const hundredths = BigInt(7 * times) + (BigInt(USERS) * BigInt(times) * BigInt(times - 1)) / 2n;
  const { json } = await sendRequest(url, '/users/user-7/revenue');
  expect(json.revenue).toBe(String(hundredths / 100n));
  expect(await application.stop()).toBe(0);
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(RSS_BYTES_MAX);
}, 400_000);
