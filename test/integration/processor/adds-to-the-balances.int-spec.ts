import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { append, LoadHarness } from './load-harness.js';

describe('a load adds to the balances', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test('adds to a balance that is there, and never overwrites it', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log);
    for (const value of [100, 50, 7]) {
      await append(log, ['abc', value]);
      expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    }
    expect(await harness.balances()).toEqual({ abc: '157' });
  });

  test('gives a new user whose first event subtracts a negative balance', async () => {
    const log = await harness.openLog();
    await append(log, ['debtor', 250, 'subtract_revenue']);
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ debtor: '-250' });
  });

  test('gives a user at balance 0 a row, by an amount of 0 as by amounts that cancel out', async () => {
    const log = await harness.openLog();
    await append(log, ['zero', 0], ['even', 5], ['even', 5, 'subtract_revenue']);
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ even: '0', zero: '0' });
  });

  test('loads nothing a second time, on ticks or after a restart', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    const first = harness.processor(log);
    await first.runOnce();
    await first.runOnce();
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '1' });
    expect(harness.reports).toHaveLength(1);
  });

  test('reports what it did', async () => {
    const log = await harness.openLog();
    await append(log, ['old', 1]);
    await harness.processor(log).runOnce();
    const fromOffset = log.endOffset();
    await append(log, ['old', 1], ['new', 2], ['new', 3]);
    await harness.processor(log).runOnce();
    expect(harness.reports[1]).toMatchObject({
      fromOffset,
      toOffset: log.endOffset(),
      events: 3,
      users: 2,
      inserted: 1,
      updated: 1,
      deadLetters: 0,
    });
  });

  test('stores the checkpoint with the timestamp and the number of events', async () => {
    const log = await harness.openLog();
    const before = Date.now();
    await append(log, ['a', 1], ['b', 2]);
    await harness.processor(log).runOnce();
    const [checkpoint] = await harness.checkpoints();
    expect(checkpoint).toMatchObject({
      log_id: log.identity,
      offset: log.endOffset(),
      fingerprint: await log.fingerprintBefore(log.endOffset()),
      events: 2,
    });
    expect(checkpoint?.['timestamp']).toBeGreaterThanOrEqual(before);
    expect(checkpoint?.['timestamp']).toBeLessThanOrEqual(Date.now());
  });
});
