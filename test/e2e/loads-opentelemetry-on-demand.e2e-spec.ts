import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OtlpCollector } from '../support/otlp-collector.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc-user', name: 'add_revenue', value: 4321 };
const LIST_MODULES = join(import.meta.dirname, '../support/list-modules.mjs');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('what is loaded of OpenTelemetry', () => {
  /** Its packages that a process loads, but for the API, which is also that of prom-client. */
  async function loadedPackages(env: Record<string, string>): Promise<string[]> {
    const nodeArgs = ['--import', LIST_MODULES];
    const application = await RunningApplication.start({
      ...{ databaseUrl: database.url, env, nodeArgs },
    });
    await sendRequest(application.serverUrl, '/events', { method: 'POST', body: EVENT });
    expect(await application.stop()).toBe(0);
    expect(application.stderr).toMatch(/^loaded: .*\/@nestjs\/core\//m);
    const found = application.stderr.matchAll(/^loaded: .*\/(@opentelemetry\/[\w-]+)\//gm);
    return [...new Set([...found].map(([, name]) => name!))].filter(
      (name) => !name.endsWith('/api'),
    );
  }

  it('is nothing without a collector', async () => {
    expect(await loadedPackages({})).toEqual([]);
  });

  it('is what makes and sends spans with one', async () => {
    const { url } = await OtlpCollector.open();
    const loaded = await loadedPackages({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(loaded).toEqual(
      expect.arrayContaining([
        '@opentelemetry/sdk-trace',
        '@opentelemetry/exporter-trace-otlp-http',
      ]),
    );
  });
});
