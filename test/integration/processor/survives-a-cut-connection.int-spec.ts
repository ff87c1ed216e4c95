import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { DatabaseProxy } from '../../support/database-proxy.js';
import { StatementProxy } from '../../support/statement-proxy.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

/** Whatever the driver says when it ends a transaction for good. */
const COMMIT = /^(commit|end)\b/i;

describe('a load survives a connection that is cut', () => {
  let harness: LoadHarness;
  let bench: FaultBench;
  let log: LocalStagingLog;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    bench = new FaultBench(harness);
  });
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog();
  });
  afterAll(() => harness.remove());

  describe('around COMMIT', () => {
    let proxy: StatementProxy;
    beforeEach(async () => void (proxy = await StatementProxy.open(harness.database.url)));
    afterEach(() => proxy.close());

    const CASES = [
      ['the first load of a log', 0],
      ['a later load', 1],
    ] as const;

    /** Loads some events, and stages some more. */
    async function stage(loadsBefore: number): Promise<void> {
      for (let load = 0; load < loadsBefore; load++) {
        await append(log, ['abc', 1_000], ['xyz', 1]);
        await harness.processor(log).runOnce();
      }
      await append(log, ['abc', 5], ['xyz', 1, 'subtract_revenue']);
    }

    test.each(CASES)('counts %s once when the answer is lost', async (_which, loadsBefore) => {
      const dataSource = await harness.connect(proxy.url);
      const processor = harness.processor(log, { dataSource });
      await stage(loadsBefore);
      proxy.watch(COMMIT, async (exchange) => {
        exchange.deliver();
        await exchange.answered;
        exchange.cut();
      });
      expect(await endOf(processor.runOnce())).toMatch(/^failed: /);
      expect(proxy.commits).toBe(1);
      await bench.expectExact(log, 2 + 2 * loadsBefore); // it took effect
      await bench.expectAllLoaded(processor, log, { events: 2 + 2 * loadsBefore });
    });

    test.each(CASES)('loads %s again when it never arrived', async (_which, loadsBefore) => {
      const dataSource = await harness.connect(proxy.url);
      const processor = harness.processor(log, { dataSource });
      await stage(loadsBefore);
      proxy.watch(COMMIT, (exchange) => exchange.cut());
      expect(await endOf(processor.runOnce())).toMatch(/^failed: /);
      expect(proxy.commits).toBe(0);
      await bench.expectAllLoaded(processor, log, { events: 2 + 2 * loadsBefore });
    });

    test.each(CASES)(
      'counts %s once when it arrives late, with the next run under way',
      async (_which, loadsBefore) => {
        const dataSource = await harness.connect(proxy.url);
        const processor = harness.processor(log, { dataSource });
        await stage(loadsBefore);
        proxy.watch(COMMIT, async (exchange) => {
          exchange.loseClient();
          // The next run has read the old checkpoint, and waits for whoever moves it.
          await harness.untilBlocked(1);
          exchange.deliver();
          await exchange.answered;
          exchange.cut();
        });
        expect(await endOf(processor.runOnce())).toMatch(/^failed: /);
        expect(proxy.commits).toBe(0);
        expect(await endOf(processor.runOnce())).toBe('caught-up');
        await proxy.struckEnd;
        expect(proxy.commits).toBe(1);
        await bench.expectAllLoaded(processor, log, { events: 2 + 2 * loadsBefore });
      },
    );
  });

  test('rejects while the database is away, loses nothing, and loads when it is back', async () => {
    const proxy = await DatabaseProxy.create(harness.database.url);
    await proxy.open();
    const processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
    await append(log, ['abc', 1]);
    await bench.expectAllLoaded(processor, log, { events: 1 });
    await proxy.close();
    for (const value of [2, 3]) {
      await append(log, ['abc', value]);
      expect(await endOf(processor.runOnce())).toMatch(/^failed: /);
    }
    await bench.expectExact(log, 1);
    await proxy.open();
    await bench.expectAllLoaded(processor, log, { events: 3 });
    await proxy.close();
  });
});
