import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { FaultyLogFiles, systemError } from '../../support/staging-log-faults.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { monitor, type Monitored } from './monitoring-bench.js';

const HOUR_MS = 3_600_000;

let harness: LoadHarness;
let files: FaultyLogFiles;
let its: Monitored;
beforeAll(async () => void (harness = await LoadHarness.create()));
/** One event is loaded, and one is not, which came an hour ago. */
beforeEach(async () => {
  await harness.reset();
  files = new FaultyLogFiles();
  const log = await harness.openLog('data', { files, now: () => Date.now() - HOUR_MS });
  its = await monitor(harness, log);
  await append(log, ['abc', 1]);
  await its.loads.tick();
  await append(log, ['abc', 2]);
});
afterAll(() => harness.remove());

const codes = async (): Promise<string[]> =>
  (await its.health.readiness()).degraded.map(({ code }) => code);

test('the lag is told, and beyond LAG_SECONDS_MAX readiness says so', async () => {
  const { lag, checkpoint } = await its.status.status();
  expect(lag.bytes).toBe(its.log.endOffset() - (checkpoint?.offset ?? NaN));
  expect(lag.seconds).toBeGreaterThanOrEqual(HOUR_MS / 1_000);
  expect(await codes()).toEqual(['LAG']);
});

test('while the disk does not give the record, only its age is unknown', async () => {
  files.before = (call) => {
    if (call === 'read' || call === 'open') throw systemError('EIO');
  };
  const { lag, checkpoint } = await its.status.status();
  const bytes = its.log.endOffset() - (checkpoint?.offset ?? NaN);
  expect(lag).toEqual({ bytes, seconds: null });
  expect(await its.health.readiness()).toEqual({ status: 'ready', failing: [], degraded: [] });
  files.heal();
  expect((await its.status.status()).lag.seconds).toBeGreaterThan(0);
  expect(await codes()).toEqual(['LAG']);
});

test('of a log that is not the one that was loaded it is unknown, for readiness, too', async () => {
  await harness.dataSource.query(`update load_checkpoint set fingerprint = 'of another log'`);
  await its.loads.tick();
  const { status, failing, degraded } = await its.health.readiness();
  expect([status, failing.map(({ code }) => code)]).toEqual(['not_ready', ['LOG_FORKED']]);
  expect(degraded.map(({ code }) => code)).toEqual(['LOAD_FAILING']);
  expect((await its.status.status()).lag).toEqual({ bytes: null, seconds: null });
});
