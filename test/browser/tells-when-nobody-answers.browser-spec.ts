import { cp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { useBrowser, Visit } from './visit.js';

const browser = useBrowser();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A port that is free now, to come back to after a restart. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

const EVENT = { userId: 'copied', name: 'add_revenue', value: 1 };

/** An application that has loaded one event more, and is stopped. */
async function startAndLoad(dataDir: string): Promise<RunningApplication> {
  const application = await RunningApplication.start({ databaseUrl: database.url, dataDir });
  await postEvents(application.serverUrl, EVENT);
  await eventually(async () => {
    const { json } = await sendRequest(application.serverUrl, '/status');
    return json.lag.bytes === 0;
  });
  await application.stop();
  return application;
}

describe('the page of an application that is killed', () => {
  it('says so, shows no old number as a current one, and goes on when it is back', async () => {
    const env = { SERVER_PORT: await freePort() };
    const first = await RunningApplication.start({ databaseUrl: database.url, env });
    await postEvents(first.serverUrl, { userId: 'abc123', name: 'add_revenue', value: 432 });
    await eventually(async () => {
      const { status } = await sendRequest(first.serverUrl, '/users?userId=abc123');
      return status === 200; // the page is not to ask for a user who is not there yet
    });
    const expected = /ERR_|\b(409|503)\b/;
    const visit = await Visit.begin(browser(), first.serverUrl, { hash: '#user=abc123', expected });
    await visit.sees('user-revenue', /^432$/);
    await visit.sees('loaded-more', '1 in all');
    await first.kill();
    await visit.sees('health-title', 'Connection lost');
    await visit.sees('health-text', /trying again in \d+ s\. What is shown below is of /);
    await visit.sees('connection', 'connection lost');
    for (const id of ['accepted-rate', 'loaded-rate', 'lag-seconds', 'dead-count', 'disk-free']) {
      expect({ id, text: await visit.text(id) }).toEqual({ id, text: '–' });
    }
    expect(await visit.text('loaded-more')).toBe('');
    const { dataDir } = first;
    const second = await RunningApplication.start({ databaseUrl: database.url, dataDir, env });
    await postEvents(second.serverUrl, { userId: 'abc123', name: 'add_revenue', value: 1 });
    await visit.sees('health-title', 'Ready');
    await visit.sees('loaded-more', '2 in all');
    await visit.sees('user-revenue', /^433$/);
    await visit.end();
    await second.stop();
  });
});

describe('the page of an application that is frozen', () => {
  it('says that it hears nothing, and tries again however often nothing is answered', async () => {
    const application = await RunningApplication.start({ databaseUrl: database.url });
    const visit = await Visit.begin(browser(), application.serverUrl, { expected: /ERR_/ });
    await visit.sees('health-title', 'Ready');
    application.signal('SIGSTOP');
    // First of a stream that tells nothing more, then of a request without an answer.
    await visit.sees('health-text', /has not said anything for 8 s; trying again in 1 s/);
    await visit.sees('health-text', /has not said anything for 8 s; trying again in 2 s/);
    application.signal('SIGCONT');
    await visit.sees('health-title', 'Ready');
    await visit.end();
    await application.stop();
  });
});

describe('the page of an application in trouble', () => {
  it('says in words what is wrong and what to do', async () => {
    const env = { DISK_FREE_BYTES_MIN: '999999999999999' };
    const application = await RunningApplication.start({ databaseUrl: database.url, env });
    const visit = await Visit.begin(browser(), application.serverUrl);
    await visit.sees('health-title', 'Not accepting events');
    await visit.sees('findings', /DISK_FULL: .*Make room on the disk/);
    await visit.sees('disk-more', ', full');
    await visit.end();
    await application.stop();
  });

  it('on an older copy of its data directory, says that events are taken, and are nowhere else', async () => {
    const first = await startAndLoad(join(await temporaryDirectory(), 'original'));
    const copy = join(await temporaryDirectory(), 'copy');
    await cp(first.dataDir, copy, { recursive: true });
    await startAndLoad(first.dataDir);
    const settings = { databaseUrl: database.url, dataDir: copy };
    const restored = await RunningApplication.start(settings);
    const visit = await Visit.begin(browser(), restored.serverUrl);
    await visit.sees('health-title', 'Accepting, but nothing is loaded');
    await visit.sees('health-text', 'only in this data directory');
    await visit.sees('findings', /LOG_BEHIND_CHECKPOINT: .*accepted since is nowhere else: take/);
    expect((await postEvents(restored.serverUrl, EVENT)).status).toBe(202);
    await visit.end();
    await restored.stop();
  });

  it('whose database is away, says that nothing is lost, and what is not known', async () => {
    const databaseUrl = 'postgres://x@127.0.0.1:1/x';
    const application = await RunningApplication.start({ databaseUrl });
    const visit = await Visit.begin(browser(), application.serverUrl, { expected: /\b503\b/ });
    await visit.sees('health-title', 'Accepting, but balances are not current');
    await visit.sees('findings', /DATABASE_AWAY: .*Start PostgreSQL/);
    await visit.sees('dead-note', 'DATABASE_AWAY');
    expect(await visit.text('dead-count')).toBe('–');
    await visit.end();
    await application.stop();
  });
});
