import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyBalances } from '../../../src/verify/verify.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { historyRows, HOURS_FOR_EVER } from './history-harness.js';

describe('verify works while loads go on', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  test('and judges one moment of table and checkpoint, without holding up a load', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log, { dataSource: await harness.connect() });
    let loadsDuring = 0;
    const verify = async (): Promise<string> => {
      const { kind } = await verifyBalances({
        dataSource: harness.dataSource,
        log,
        refresh: async () => {
          // Between its look at the checkpoint and its look at the table, loads are committed.
          const before = harness.reports.length;
          await append(log, ['abc', 1], ['xyz', 2, 'subtract_revenue'], ['new', 1]);
          await processor.runOnce();
          loadsDuring += harness.reports.length - before;
        },
        onProgress: () => undefined,
      });
      return kind;
    };
    const kinds: string[] = [];
    for (let i = 0; i < 5; i++) kinds.push(await verify());
    expect(kinds).toEqual(Array(5).fill('exact'));
    expect(loadsDuring).toBe(5);
  });

  test('and judges hours as they were, when a load makes days of them meanwhile', async () => {
    await harness.reset();
    let now = Date.parse('2025-11-21T22:30:00Z');
    const log = await harness.openLog('data', { now: () => now });
    const load = async (historyHoursMax: number): Promise<void> => {
      await append(log, ['abc', 0.1]);
      now += 3_600_000;
      await harness.processor(log, { historyHoursMax }).runOnce();
    };
    for (let i = 0; i < 4; i++) await load(HOURS_FOR_EVER);
    const verification = await verifyBalances({
      dataSource: await harness.connect(),
      log,
      refresh: () => load(24),
      onProgress: () => undefined,
    });
    expect(verification).toMatchObject({ kind: 'exact', hours: 4 });
    expect(await historyRows(harness.dataSource)).toEqual({
      'day 2025-11-21T00:00:00.000Z': '0.2',
      'day 2025-11-22T00:00:00.000Z': '0.3',
    });
  });

  test('again and again, beside two processors at work', async () => {
    const log = await harness.openLog();
    const processors = await Promise.all(
      [1, 2].map(async () => harness.processor(log, { dataSource: await harness.connect() })),
    );
    let done = false;
    const appends = (async () => {
      for (let i = 0; !done; i++) await append(log, ['abc', 0.1], [`user-${i % 500}`, i]);
    })();
    const loads = processors.map(async (processor) => {
      while (!done) await processor.runOnce();
    });
    const offsets: number[] = [];
    for (let i = 0; i < 15; i++) {
      const verification = await verifyBalances({
        dataSource: harness.dataSource,
        log,
        refresh: () => Promise.resolve(),
        onProgress: () => undefined,
      });
      expect(verification.kind).toBe('exact');
      if (verification.kind !== 'refused') offsets.push(verification.offset);
    }
    done = true;
    await Promise.all([appends, ...loads]);
    expect(offsets.at(-1)).toBeGreaterThan(offsets[0]!);
  });
});
