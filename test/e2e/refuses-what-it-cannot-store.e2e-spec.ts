import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

const start = (env: Record<string, string>): Promise<RunningApplication> =>
  RunningApplication.start({ databaseUrl: database.url, env });

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  const counts = { accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 };
  expect(answer.json).toMatchObject({ status, code, ...counts });
  expect(answer.status).toBe(status);
}

describe('events that cannot be stored are not acknowledged', () => {
  it('while less than the watermark is free', async () => {
    const application = await start({ DISK_FREE_BYTES_MIN: '999999999999999' });
    for (const body of [EVENT, [EVENT, EVENT], [EVENT, {}]]) {
      expectRefusal(await postEvents(application.serverUrl, body), 503, 'DISK_FULL');
    }
    const ready = await sendRequest(application.serverUrl, '/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.text).toContain('DISK_FULL');
    expect(await storedRecords(application)).toEqual([]);
    expect(await application.stop()).toBe(0);
  });

  it('while the directory is away, and are when it is back', async () => {
    const application = await start({});
    const { dataDir, serverUrl } = application;
    const [staging, aside] = [join(dataDir, 'staging'), join(dataDir, 'aside')];
    const send = (id: string): Promise<Answer> => postEvents(serverUrl, { id, ...EVENT });
    expect((await send('before')).status).toBe(202);
    await rename(staging, aside);
    const isReady = async (): Promise<boolean> =>
      (await sendRequest(serverUrl, '/health/ready')).status === 200;
    await eventually(async () => !(await isReady()));
    expectRefusal(await send('meanwhile'), 503, 'LOG_UNAVAILABLE');
    await rename(aside, staging);
    await eventually(isReady);
    expect((await send('meanwhile')).json).toMatchObject({ accepted: 1, duplicates: 0 });
    const ids = (await storedRecords(application)).map(({ id }) => id);
    expect(ids).toEqual(['before', 'meanwhile']);
    expect(await application.stop()).toBe(0);
  });

  it('while too much waits for the disk', async () => {
    const application = await start({ APPEND_QUEUE_BYTES_MAX: '1' });
    const requests = Array.from({ length: 200 }, () => postEvents(application.serverUrl, EVENT));
    const answers = await Promise.all(requests);
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expectRefusal(answer, 429, 'QUEUE_FULL');
    expect(await storedRecords(application)).toHaveLength(answers.length - refused.length);
    expect(await application.stop()).toBe(0);
  });
});
