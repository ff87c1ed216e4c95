import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { postEvents } from '../support/send-request.js';
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

describe('the page of an application that is killed', () => {
  it('says so, shows no old number as a current one, and goes on when it is back', async () => {
    const env = { SERVER_PORT: await freePort() };
    const first = await RunningApplication.start({ databaseUrl: database.url, env });
    await postEvents(first.serverUrl, { userId: 'abc123', name: 'add_revenue', value: 432 });
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
