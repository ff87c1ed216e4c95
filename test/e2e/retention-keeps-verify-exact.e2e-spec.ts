import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase } from '../support/test-database.js';

const VERIFY = join(import.meta.dirname, '../../dist/src/tools/verify.js');
const EVENTS = 6_000;
const PER_REQUEST = 200;

it.each(['archive', 'delete'])(
  'with segments that go while events come (%s), balances and verify stay exact, beside the application and after it',
  async (action) => {
    const dataDir = join(await temporaryDirectory(), 'data');
    const env = {
      ...{ SEGMENT_BYTES_MAX: '20000', DEDUPE_WINDOW_SECONDS: '1' },
      ...{ RETENTION_DAYS: '0.00001', RETENTION_ACTION: action },
    };
    const own = await createTestDatabase();
    try {
      const seed = testSeed();
      console.info(`SEED=${seed}`);
      const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
      const half = EVENTS / 2;
      const settings = { databaseUrl: own.url, dataDir, env };
      const first = await RunningApplication.start(settings);
      await sendAll(first, lines.slice(0, half));
      await untilRetired(first, action);
      expect(await verify(dataDir, own.url)).toMatch(/^exact: .*3000 events/);
      await first.kill();

      const second = await RunningApplication.start(settings);
      await sendAll(second, lines.slice(half));
      await untilRetired(second, action);
      expect(new Map([...(await readBalances(second.serverUrl))].sort())).toEqual(
        new Map([...cents].sort()),
      );
      expect(await verify(dataDir, own.url)).toMatch(/^exact: .*6000 events/);
      expect(second.output).toMatch(
        action === 'archive' ? /archived the segment/ : /deleted the segment/,
      );
      expect(second.output).not.toMatch(/ERROR|nothing is retired/);
      expect(await second.stop()).toBe(0);
      expect(await verify(dataDir, own.url)).toMatch(/^exact: .*6000 events/);
    } finally {
      await own.drop();
    }
  },
);

async function sendAll({ serverUrl }: RunningApplication, lines: readonly string[]): Promise<void> {
  for (let start = 0; start < lines.length; start += PER_REQUEST) {
    const items = lines.slice(start, start + PER_REQUEST);
    const body = `[${items.map((line, i) => (i % 5 === 0 ? withId(line) : line)).join(',')}]`;
    expect((await postEvents(serverUrl, body)).status).toBe(202);
  }
}

let ids = 0;
const withId = (line: string): string => `{"id":"e2e-${++ids}",${line.slice(1)}`;

/** All segments but the last are gone, whatever the look that finds them due. */
async function untilRetired(application: RunningApplication, action: string): Promise<void> {
  const { serverUrl, dataDir } = application;
  const staging = join(dataDir, 'staging');
  await eventually(async () => {
    const { json } = await sendRequest(serverUrl, '/status');
    const names = await readdir(staging);
    const count = (end: string): number => names.filter((name) => name.endsWith(end)).length;
    // The share before the last one goes after the segment.
    return json.lag.bytes === 0 && count('.jsonl') === 1 && count('.share') === 1;
  }, 40_000).catch(() => {
    throw new Error(`segments stay:\n${application.output}`);
  });
  expect((await readdir(staging)).includes('archive')).toBe(action === 'archive');
}

/** What the tool says. */
async function verify(dataDir: string, url: string): Promise<string> {
  const child = spawn(process.execPath, [VERIFY], {
    cwd: await temporaryDirectory(),
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return out || errors;
}
