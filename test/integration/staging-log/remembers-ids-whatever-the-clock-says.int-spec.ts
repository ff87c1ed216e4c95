import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const START_MS = 1_763_800_000_000;
const WINDOW_SECONDS = 86_400;
const LEAP_MS = (WINDOW_SECONDS + 2) * 1000;
const DECADE_MS = 10 * 365 * 86_400_000;

let bench: StagingLogWorkbench;
let log: LocalStagingLog;

const open = async (): Promise<LocalStagingLog> =>
  (log = await bench.open({ dedupeWindowSeconds: WINDOW_SECONDS }));

async function reopen(): Promise<void> {
  await log.close();
  await open();
}

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
  bench.now = START_MS;
  await open();
});

afterEach(() => bench.remove());

const LEAPS = [
  ['ahead by a window', LEAP_MS],
  ['ahead by ten years', DECADE_MS],
  ['back by a window', -LEAP_MS],
  ['back by ten years', -DECADE_MS],
] as const;

describe('an id is known although the clock leaps', () => {
  it.each(LEAPS)('%s, while the log is open', async (_which, leapMs) => {
    await appendAll(log, record(1, 'x'));
    bench.now = START_MS + leapMs;
    expect(await appendAll(log, record(1, 'x'))).toEqual(['duplicate']);
    expect(await appendAll(log, record(2, 'y'), record(1, 'x'))).toEqual(['appended', 'duplicate']);
    bench.now = START_MS;
    expect(await appendAll(log, record(1, 'x'), record(2, 'y'))).toEqual([
      'duplicate',
      'duplicate',
    ]);
  });

  it.each(LEAPS)('%s, before the log is opened again', async (_which, leapMs) => {
    await appendAll(log, record(1, 'x'));
    bench.now = START_MS + leapMs;
    await reopen();
    expect(await appendAll(log, record(1, 'x'))).toEqual(['duplicate']);
  });

  it.each(LEAPS)('%s, with records from before and after it', async (_which, leapMs) => {
    await appendAll(log, record(1, 'x'));
    bench.now = START_MS + leapMs;
    await appendAll(log, record(2, 'y'));
    await reopen();
    expect(await appendAll(log, record(1, 'x'), record(2, 'y'))).toEqual([
      'duplicate',
      'duplicate',
    ]);
    bench.now = START_MS;
    await reopen();
    expect(await appendAll(log, record(1, 'x'), record(2, 'y'))).toEqual([
      'duplicate',
      'duplicate',
    ]);
  });

  it('goes on ageing after opening again', async () => {
    await appendAll(log, record(1, 'x'));
    bench.passTime(4_000_000);
    await appendAll(log, record(2, 'y'));
    bench.passTime(10 * DECADE_MS);
    await reopen();
    bench.passTime((WINDOW_SECONDS - 4_000) * 1000);
    expect(await appendAll(log, record(1, 'x'))).toEqual(['duplicate']);
    bench.passTime(1_000);
    expect(await appendAll(log, record(1, 'x'))).toEqual(['appended']);
    expect(await appendAll(log, record(2, 'y'))).toEqual(['duplicate']);
    bench.passTime(4_000_000);
    expect(await appendAll(log, record(2, 'y'))).toEqual(['appended']);
  });
});
