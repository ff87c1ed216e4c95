import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { RunningApplication } from '../../support/running-application.js';
import { sendRequest } from '../../support/send-request.js';
import { flipByte } from './break-files.js';
import { append, LoadHarness } from './load-harness.js';

describe('readiness says why nothing is loaded', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    await harness.processor(log, { dataDir: harness.dataDir() }).runOnce();
    await log.close();
  });
  afterAll(() => harness.remove());

  const start = (): Promise<RunningApplication> =>
    RunningApplication.start({ databaseUrl: harness.database.url, dataDir: harness.dataDir() });

  async function untilFailing(application: RunningApplication, code: string): Promise<void> {
    await eventually(async () => {
      const { status, json } = await sendRequest(application.serverUrl, '/health/ready');
      const failing = json.failing as readonly { readonly part: string; readonly code: string }[];
      return status === 503 && failing.some((finding) => finding.code === code);
    });
  }

  const untilBalance = (expected: string): Promise<void> =>
    eventually(async () => (await harness.balances())['abc'] === expected);

  test('LOG_DAMAGED, takes events all the same, and loads them once checkpoint.json is back', async () => {
    const mirror = join(harness.dataDir(), 'checkpoint.json');
    const shown = await readFile(mirror);
    await rm(mirror);
    await flipByte(harness.segment(), 20);
    const application = await start();
    await untilFailing(application, 'LOG_DAMAGED');
    const body = { userId: 'abc', name: 'add_revenue', value: 10 };
    const { status } = await sendRequest(application.serverUrl, '/events', {
      method: 'POST',
      body,
    });
    expect(status).toBe(202);
    expect(await harness.balances()).toEqual({ abc: '1' });
    await writeFile(mirror, shown);
    await untilBalance('11');
    const ready = await sendRequest(application.serverUrl, '/health/ready');
    expect(ready.status).toBe(200);
    expect(await application.stop()).toBe(0);
  });

  test('LOG_TRIMMED', async () => {
    const staging = join(harness.dataDir(), 'staging');
    const digits = (offset: number): string => String(offset).padStart(20, '0');
    await writeFile(join(staging, `${digits(500)}.share`), 'whatever');
    await writeFile(join(staging, `${digits(500)}.jsonl`), '');
    await rm(harness.segment());
    await rm(harness.segment().replace('.jsonl', '.sums'));
    const application = await start();
    await untilFailing(application, 'LOG_TRIMMED');
    expect(await harness.balances()).toEqual({ abc: '1' });
    expect(await application.stop()).toBe(0);
  });
});
