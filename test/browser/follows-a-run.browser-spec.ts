import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const KEYS = { all: 'k-all-5d2', read: 'k-read-5d2' };
const headers = { Authorization: `Bearer ${KEYS.all}` };
const browser = useBrowser();

let database: TestDatabase;
/** Where the run sends to: frozen, it holds the run. */
let ingest: RunningApplication;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  ingest = await RunningApplication.start({ databaseUrl: 'postgres://x@127.0.0.1:1/x' });
  const eventsFile = join(await temporaryDirectory(), 'events.jsonl');
  const event = { userId: 'abc123', name: 'add_revenue', value: 432 };
  await writeFile(eventsFile, `${JSON.stringify(event)}\nno event\n`);
  const env = {
    EVENTS_FILE: eventsFile,
    INGEST_URL: ingest.serverUrl,
    API_KEYS: `ops:${KEYS.all},grafana:${KEYS.read}:read`,
  };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
});
afterEach(() => ingest.signal('SIGCONT'));
afterAll(() => database.drop());

async function begin(): Promise<Visit> {
  const visit = await Visit.begin(browser(), application.serverUrl, { expected: /40[19]/ });
  await give(visit, KEYS.all);
  return visit;
}

async function give(visit: Visit, key: string): Promise<void> {
  await visit.page.locator('#key-input').fill(key);
  await visit.page.keyboard.press('Enter');
  await visit.sees('health-title', 'Ready');
}

const gone = (visit: Visit, id: string): Promise<void> =>
  visit.page.locator(`#${id}`).waitFor({ state: 'hidden' });

async function isRunning(): Promise<boolean> {
  const { json } = await sendRequest(application.serverUrl, '/generateEvents/progress', {
    headers,
  });
  return json.running as boolean;
}

describe('a run', () => {
  it('of somebody else is told as such, and no longer once it has ended', async () => {
    const visit = await begin();
    ingest.signal('SIGSTOP');
    const path = '/generateEvents';
    const run = sendRequest(application.serverUrl, path, { method: 'POST', headers });
    await eventually(isRunning);
    await visit.page.locator('#generate').click();
    await visit.sees('run-result', 'A run is going on already');
    await visit.sees('run-text', '0 accepted');
    ingest.signal('SIGCONT');
    expect((await run).json).toMatchObject({ accepted: 1 });
    await gone(visit, 'run');
    await visit.page.locator('#run-result:empty').waitFor({ state: 'attached' });
    await visit.end();
  });

  it('leaves nothing behind when the key is forgotten, and goes on', async () => {
    const visit = await begin();
    const forget = visit.page.locator('#forget-key');
    await visit.page.locator('#generate').click();
    await visit.sees('run-result', '1 invalid');
    await forget.click();
    expect(await visit.text('run-result')).toBe('');
    await gone(visit, 'run-invalid');
    expect(await visit.page.locator('#run-invalid-rows tr').count()).toBe(0);
    await give(visit, KEYS.all);
    ingest.signal('SIGSTOP');
    await visit.page.locator('#generate').click();
    await visit.sees('run-text', '0 accepted');
    await forget.click();
    await gone(visit, 'run');
    expect(await visit.text('generate')).toBe('Generate events');
    await give(visit, KEYS.read);
    await visit.sees('run-text', '0 accepted');
    ingest.signal('SIGCONT');
    await gone(visit, 'run');
    expect(await isRunning()).toBe(false);
    expect(await visit.text('run-result')).toBe('');
    await visit.end();
  });
});
