import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('two processes', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await createTestDatabase()));
  afterAll(() => database.drop());

  it('never run on one data directory: the second one says why, and the first one goes on', async () => {
    const settings = { databaseUrl: database.url };
    const first = await RunningApplication.start(settings);
    const second = await RunningApplication.launch({ ...settings, dataDir: first.dataDir });
    expect(await second.exit()).toEqual({ code: 1, signal: null });
    expect(second.stderr).toContain(`in use by process ${first.pid}`);
    expect(second.stderr).not.toContain('    at ');
    expect((await sendRequest(first.serverUrl, '/health/ready')).status).toBe(200);
    expect(await first.stop()).toBe(0);
  });

  it('never listen on one port: the second one names the variable to change', async () => {
    const first = await RunningApplication.start({ databaseUrl: database.url });
    const { port } = new URL(first.serverUrl);
    const env = { CLIENT_PORT: port };
    const second = await RunningApplication.launch({ databaseUrl: database.url, env });
    expect((await second.exit()).code).toBe(1);
    expect(second.stderr).toContain(`127.0.0.1:${port}`);
    expect(second.stderr).toContain('set CLIENT_PORT');
    expect(await first.stop()).toBe(0);
  });
});
