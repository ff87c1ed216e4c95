import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LogGrowth } from '../../../src/processor/workers/log-growth.js';
import { readBacklog, type Backlogged } from '../../../src/processor/workers/read-backlog.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import {
  appendMany,
  BOUNDS,
  contentsOf,
  ExtentReader,
  foldHere,
  OpenPool,
} from './backlog-bench.js';
import { LoadHarness } from './load-harness.js';

/** As on two cores, whatever this machine has. */
class PoolOfTwo extends OpenPool {
  constructor() {
    super(2);
  }

  override get threadsBesideOthers(): number {
    return 1;
  }

  get started(): readonly boolean[] {
    return this.inUse.map(({ isStarted }) => isStarted);
  }
}

describe('a backlog beside requests', () => {
  let harness: LoadHarness;
  let log: LocalStagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog('data', { segmentBytesMax: 300_000 });
    await appendMany(log, 20_000);
  });
  afterAll(() => harness.remove());

  async function withPool(
    appends: (extent: number) => boolean,
    check: (pool: PoolOfTwo, backlogged: Backlogged) => Promise<void>,
    growth = new LogGrowth(log),
  ): Promise<void> {
    const pool = new PoolOfTwo();
    try {
      const beforeExtent = async (extent: number): Promise<void> => {
        if (appends(extent)) await appendMany(log, 1);
      };
      await appendMany(log, appends(0) ? 1 : 0);
      const reader = new ExtentReader(log, { beforeExtent });
      await check(pool, await readBacklog(reader, START_OF_LOG, { bounds: BOUNDS, pool, growth }));
    } finally {
      await pool.close();
    }
  }

  async function expectRight(backlogged: Backlogged): Promise<void> {
    if (typeof backlogged === 'string') throw new Error(backlogged);
    const expected = await contentsOf(await foldHere(log, START_OF_LOG, backlogged.end));
    expect(await contentsOf(backlogged)).toEqual(expected);
    expect(backlogged.events).toBeGreaterThan(15_000);
  }

  test('leaves a core to them: a thread less is at work', async () => {
    let end = 0;
    await withPool(
      () => true,
      async (pool, backlogged) => {
        expect(pool.started).toEqual([true, false]);
        await expectRight(backlogged);
      },
      // It has grown at each look, however slowly this machine appends.
      new LogGrowth({ endOffset: () => toOffset((end += 1)) }),
    );
  });

  test('has all cores without them', async () => {
    await withPool(
      () => false,
      async (pool, backlogged) => {
        expect(pool.started).toEqual([true, true]);
        await expectRight(backlogged);
      },
    );
  });

  test('gives the second thread up once they come, and has all of it in the sums', async () => {
    await withPool(
      (extent) => extent > 4,
      async (pool, backlogged) => {
        expect(pool.started).toEqual([true, true]);
        await expectRight(backlogged);
      },
    );
  });

  test('ends a batch whose last thread sat it out when the other one dies', async () => {
    await withPool(
      () => true,
      async (pool, backlogged) => {
        if (typeof backlogged === 'string') throw new Error(backlogged);
        await contentsOf(backlogged);
        const growth = new LogGrowth(log);
        await appendMany(log, 1);
        const beforeExtent = async (extent: number): Promise<void> => {
          await appendMany(log, 1);
          if (extent === 3) await pool.inUse[0]!.terminate();
        };
        const reader = new ExtentReader(log, { beforeExtent });
        const options = { bounds: BOUNDS, pool, growth };
        await expect(readBacklog(reader, START_OF_LOG, options)).rejects.toThrow('has ended');
        await expectRight(await readBacklog(reader, START_OF_LOG, options));
      },
    );
  });
});
