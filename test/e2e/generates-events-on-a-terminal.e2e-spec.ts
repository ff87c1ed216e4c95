import { execFile, execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventLines } from '../integration/client/client-harness.js';
import { FakeIngest } from '../integration/client/fake-ingest.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { Terminal } from '../support/terminal.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const SCRIPT = join(import.meta.dirname, '../../scripts/generate-events.sh');
const KEYS = { all: 'k-all', admin: 'k-admin', ingest: 'k-ingest' };
const TOLD = 'generate_events: 100 read, 100 accepted, 0 duplicates, 0 invalid, in ';

let database: TestDatabase;
let application: RunningApplication;
let ingest: FakeIngest;
let directory: string;
let summaryFile: string;
/** Lets ingest answer: from its sixth request on it waits for that. */
let release: () => void;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await temporaryDirectory();
  summaryFile = join(directory, 'summary.json');
  const eventsFile = join(directory, 'events.jsonl');
  await writeFile(eventsFile, eventLines(100));
  ingest = await FakeIngest.start();
  application = await RunningApplication.start({
    databaseUrl: database.url,
    env: {
      EVENTS_FILE: eventsFile,
      INGEST_URL: ingest.url,
      CLIENT_REQUEST_ITEMS_MAX: '10',
      CLIENT_CONCURRENCY_MAX: '1',
      API_KEYS: `ops:${KEYS.all},ci:${KEYS.admin}:admin,shop:${KEYS.ingest}:ingest`,
    },
  });
});

beforeEach(() => {
  const held = new Promise<void>((resolve) => (release = resolve));
  const before = ingest.requests.length;
  ingest.behave = async ({ number }) => {
    if (number > before + 5) await held;
    return { kind: 'store' };
  };
});

afterEach(() => {
  release();
});

afterAll(async () => {
  await ingest.close();
  await database.drop();
});

const environment = (key: string): Record<string, string> => ({
  API_KEY: key,
  HOST: '127.0.0.1',
  CLIENT_PORT: new URL(application.clientUrl).port,
});

const onTerminal = (key: string): Terminal =>
  Terminal.run(`sh '${SCRIPT}' > '${summaryFile}'`, environment(key));

async function progress(): Promise<{ running: boolean; line: number }> {
  const headers = { authorization: `Bearer ${KEYS.all}` };
  const answer = await sendRequest(application.clientUrl, '/generateEvents/progress', { headers });
  return answer.json as { running: boolean; line: number };
}

describe('npm run generate_events on a terminal', () => {
  it('draws a bar while the run goes on, and then prints what it did', async () => {
    const terminal = onTerminal(KEYS.all);
    await eventually(() => /\[#+-*\] \d+%, ETA \S+, \d+\/s, 50 accepted/.test(terminal.output));
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes).toContain('text/event-stream');
    for (const key of Object.values(KEYS)) expect(processes).not.toContain(key);
    release();
    expect(await terminal.exit()).toBe(0);
    const [shown] = terminal.output.split('\r\u001b[K').slice(-1);
    expect(shown).toMatch(new RegExp(`^${TOLD}\\d+ ms\\r\\n$`));
    const summary = JSON.parse(await readFile(summaryFile, 'utf8')) as Record<string, unknown>;
    expect(summary).toMatchObject({ read: 100, accepted: 100, invalidTotal: 0 });
  });

  it('leaves the run going at Ctrl-C, and says so', async () => {
    const terminal = onTerminal(KEYS.all);
    await eventually(() => terminal.output.includes('50 accepted'));
    terminal.type('\u0003');
    expect(await terminal.exit()).toBe(130);
    expect(terminal.output).toContain('generate_events: the run goes on in the application');
    expect(await progress()).toMatchObject({ running: true, line: 50 });
    release();
    await eventually(async () => !(await progress()).running);
    expect(await progress()).toMatchObject({ line: 100, accepted: 100 });
  });

  it('does without the bar where the key may not see the progress', async () => {
    const terminal = onTerminal(KEYS.admin);
    await eventually(async () => (await progress()).line === 50);
    release();
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).not.toContain('[#');
    expect(terminal.output).toContain(TOLD);
  });

  it('fails with the run', async () => {
    const terminal = onTerminal(KEYS.ingest);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toContain('generate_events: SCOPE_MISSING (HTTP 403)');
    expect(await readFile(summaryFile, 'utf8')).toBe('');
  });
});

describe('npm run generate_events elsewhere', () => {
  it('prints the summary, and beside it one line at the end', async () => {
    release();
    const env = { PATH: process.env['PATH'], ...environment(KEYS.all) };
    const { stdout, stderr } = await promisify(execFile)('sh', [SCRIPT], { env });
    expect(stderr).toMatch(new RegExp(`^${TOLD}\\d+ ms\\n$`));
    expect(stdout).toMatch(/^\{"runId":"[^"]+","read":100,.*\}\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 100 });
  });
});
