import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { runTool } from '../verify/run-tool.js';
import { appendMany, ExtentReader, OpenPool } from './backlog-bench.js';
import { endOf, FaultBench } from './fault-bench.js';
import { LoadHarness } from './load-harness.js';

const RECORDS = 20_000;

/** No thread ends between two runs, however long the appending takes. */
const NEVER_IDLE_MS = 600_000;

describe('a run whose threads fail', () => {
  let harness: LoadHarness;
  let pool: OpenPool;
  let log: LocalStagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    pool = new OpenPool(3, NEVER_IDLE_MS);
    log = await harness.openLog('data', { segmentBytesMax: 300_000 });
    await appendMany(log, RECORDS);
  });
  afterEach(() => pool.close());
  afterAll(() => harness.remove());

  const expectNextToLoadAll = async (): Promise<void> => {
    expect(await harness.balances()).toEqual({});
    const processor = harness.processor(new ExtentReader(log), { pool });
    expect(await endOf(processor.runOnce())).toBe('caught-up');
    await new FaultBench(harness).expectExact(log, RECORDS);
  };

  test.each([1, 4, 8])(
    'loads nothing when one ends before extent %i; the next loads all',
    async (at) => {
      const reader = new ExtentReader(log, {
        beforeExtent: async (count) => {
          if (count === at) await pool.inUse[1]!.terminate();
        },
      });
      const processor = harness.processor(reader, { pool });
      expect(await endOf(processor.runOnce())).toContain('the fold thread has ended');
      await expectNextToLoadAll();
    },
  );

  test.each([0, 1])(
    'loads nothing when thread %i ends between reading and writing, if it is needed',
    async (at) => {
      let times = 0;
      const reader = new ExtentReader(log, {
        beforeFingerprint: async () => {
          times += 1;
          if (times === 1) await pool.inUse[at]!.terminate();
        },
      });
      const end = await endOf(harness.processor(reader, { pool }).runOnce());
      if (at > 0) {
        expect(end).toBe('caught-up');
        return new FaultBench(harness).expectExact(log, RECORDS);
      }
      expect(end).toContain('the fold thread has ended');
      return expectNextToLoadAll();
    },
  );

  test.each([2, 5])('counts nothing twice after the log failed before extent %i', async (at) => {
    const reader = new ExtentReader(log, {
      beforeExtent: (count) => {
        if (count === at) throw new Error('failed by the test');
      },
    });
    const processor = harness.processor(reader, { pool });
    expect(await endOf(processor.runOnce())).toContain('failed by the test');
    expect(await harness.balances()).toEqual({});
    const [first] = pool.inUse;
    expect(await endOf(processor.runOnce())).toBe('caught-up');
    expect(pool.inUse[0]).toBe(first); // the same threads
    await new FaultBench(harness).expectExact(log, RECORDS);
  });

  test('has other threads afterwards, and the same ones as long as none fails', async () => {
    const processor = harness.processor(new ExtentReader(log), { pool });
    for (let round = 1; round <= 3; round++) {
      const before = pool.inUse[0];
      expect(await endOf(processor.runOnce())).toBe('caught-up');
      if (round > 1) expect(pool.inUse[0]).toBe(before);
      await appendMany(log, RECORDS);
    }
    const before = pool.inUse;
    await before[2]!.terminate();
    expect(await endOf(processor.runOnce())).toBe('caught-up');
    expect(pool.inUse[0]).not.toBe(before[0]);
    await new FaultBench(harness).expectExact(log, 4 * RECORDS);
  });

  test('ends with its pool: no thread answers any more', async () => {
    const processor = harness.processor(new ExtentReader(log), { pool });
    expect(await endOf(processor.runOnce())).toBe('caught-up');
    const threads = pool.inUse;
    expect(threads.map(({ isUsable }) => isUsable)).toEqual([true, true, true]);
    await pool.close();
    while (threads.some(({ isUsable }) => isUsable)) await sleep(1);
    await expect(threads[0]!.ask({ kind: 'reset' })).rejects.toThrow('has ended');
  });

  test('holds no process: a backlog is loaded by a command that ends', async () => {
    const end = log.endOffset();
    await log.close();
    const { code, stdout, stderr } = await runTool('load', harness.dataDir(), harness.database.url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`up to offset ${end} `);
    await new FaultBench(harness).expectExact(await harness.openLog(), RECORDS);
  });
});
