import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OtlpCollector } from '../support/otlp-collector.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc-user', name: 'add_revenue', value: 4321 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a process whose collector does not take anything', () => {
  const startWith = (collector: OtlpCollector): Promise<RunningApplication> =>
    RunningApplication.start({
      databaseUrl: database.url,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });

  async function sendAndLoad({ serverUrl }: RunningApplication): Promise<void> {
    const answer = await sendRequest(serverUrl, '/events', { method: 'POST', body: EVENT });
    expect(answer.status).toBe(202);
    await eventually(async () => {
      const { json } = await sendRequest(serverUrl, '/status');
      return json.lag?.bytes === 0;
    });
  }

  const count = ({ stdout }: RunningApplication, text: string): number =>
    stdout.split(text).length - 1;

  it('takes and loads events, complains once, and tells when it is back', async () => {
    const collector = await OtlpCollector.open();
    const application = await startWith(collector);
    await collector.close();
    const [complaint, relief] = ['traces do not reach the collector', 'reach the collector again'];
    await sendAndLoad(application);
    await eventually(() => count(application, complaint) === 1);
    await sendAndLoad(application);
    await collector.open();
    await eventually(async () => {
      await sendAndLoad(application);
      return count(application, relief) === 1;
    }, 60_000);
    expect(count(application, complaint)).toBe(1);
    expect(application.stdout).toMatch(/reach the collector again; [1-9]\d* spans did not/);
    expect(await application.stop()).toBe(0);
    expect(application.stderr).toBe('');
  });

  it('stops with 0 while one hangs', async () => {
    const collector = await OtlpCollector.open();
    collector.hanging = true;
    const application = await startWith(collector);
    await sendAndLoad(application);
    await eventually(() => collector.requests.length > 0);
    await sendAndLoad(application);
    expect(await application.stop()).toBe(0);
    expect(application.stderr).toBe('');
  });
});
