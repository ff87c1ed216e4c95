import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LogGrowth } from '../../../src/processor/workers/log-growth.js';
import { readBacklog } from '../../../src/processor/workers/read-backlog.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { START_OF_LOG } from '../../../src/staging-log/staging-log.port.js';
import {
  appendMany,
  BOUNDS,
  contentsOf,
  ExtentReader,
  foldHere,
  OpenPool,
} from './backlog-bench.js';
import { LoadHarness } from './load-harness.js';

const IDLE_MS = 100;

describe('a thread that is warmed up', () => {
  let harness: LoadHarness;
  let log: LocalStagingLog;
  let pool: OpenPool;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog('data', { segmentBytesMax: 300_000 });
    await appendMany(log, 20_000);
    pool = new OpenPool(2, IDLE_MS);
  });
  afterEach(() => pool.close());
  afterAll(() => harness.remove());

  async function expectRightFold(): Promise<void> {
    const growth = new LogGrowth(log);
    const backlogged = await readBacklog(new ExtentReader(log), START_OF_LOG, {
      ...{ bounds: BOUNDS, pool, growth },
    });
    if (typeof backlogged === 'string') throw new Error(backlogged);
    const expected = await contentsOf(await foldHere(log, START_OF_LOG, backlogged.end));
    expect(await contentsOf(backlogged)).toEqual(expected);
    expect(backlogged.events).toBeGreaterThan(15_000);
  }

  const workers = (): Promise<OpenPool['inUse']> => pool.use((inUse) => Promise.resolve(inUse));

  test('is there before any backlog, alone, and leaves nothing in the sums', async () => {
    pool.warmUp();
    expect((await workers()).map(({ isStarted }) => isStarted)).toEqual([true, false]);
    await expectRightFold();
    expect((await workers()).map(({ isStarted }) => isStarted)).toEqual([true, true]);
  });

  test('stays when the others end', async () => {
    pool.warmUp();
    await expectRightFold();
    const [warm, other] = pool.inUse;
    while (other!.isUsable) await sleep(10);
    expect(warm!.isUsable).toBe(true);
    await expectRightFold();
    expect(pool.inUse[0]).toBe(warm);
    expect(pool.inUse[1]).not.toBe(other);
  });

  test('is followed by another one when it dies', async () => {
    pool.warmUp();
    const [warm] = await workers();
    await warm!.terminate();
    await expectRightFold();
    expect(pool.inUse[0]).not.toBe(warm);
  });

  test('need not be: without it all threads end', async () => {
    await expectRightFold();
    const [first, second] = pool.inUse;
    while (first!.isUsable || second!.isUsable) await sleep(10);
    await expectRightFold();
  });
});
