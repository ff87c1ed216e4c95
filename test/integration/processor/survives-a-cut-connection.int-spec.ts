import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CommitCuttingProxy } from './commit-cutting-proxy.js';
import { append, LoadHarness } from './load-harness.js';

describe('a load survives a connection that is cut around COMMIT', () => {
  let harness: LoadHarness;
  let proxy: CommitCuttingProxy;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    proxy = await CommitCuttingProxy.open(harness.database.url);
  });
  afterEach(() => proxy.close());
  afterAll(() => harness.remove());

  test.each([
    ['the first load of a log', 0],
    ['a later load', 1],
  ])('counts %s once when the answer to COMMIT is lost', async (_which, loadsBefore) => {
    const log = await harness.openLog();
    const processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
    for (let i = 0; i < loadsBefore; i++) {
      await append(log, ['abc', 1_000], ['xyz', 1]);
      await processor.runOnce();
    }
    await append(log, ['abc', 5], ['xyz', 1, 'subtract_revenue']);
    proxy.arm('answer');
    await expect(processor.runOnce()).rejects.toThrow();
    expect(proxy.cuts).toBe(1);
    const expected = loadsBefore === 0 ? { abc: '5', xyz: '-1' } : { abc: '1005', xyz: '0' };
    expect(await harness.balances()).toEqual(expected); // it was committed
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual(expected);
    expect(await harness.checkpoints()).toMatchObject([
      { offset: log.endOffset(), events: 2 + 2 * loadsBefore },
    ]);
  });

  test('loads again what was lost when the COMMIT never arrived', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
    await append(log, ['abc', 5]);
    proxy.arm('request');
    await expect(processor.runOnce()).rejects.toThrow();
    expect(proxy.cuts).toBe(1);
    expect(await harness.balances()).toEqual({});
    await processor.runOnce();
    expect(await harness.balances()).toEqual({ abc: '5' });
  });

  test('rejects while the database is away, loses nothing, and loads when it is back', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
    await append(log, ['abc', 1]);
    await processor.runOnce();
    await proxy.close();
    for (const value of [2, 3]) {
      await append(log, ['abc', value]);
      await expect(processor.runOnce()).rejects.toThrow();
    }
    expect(await harness.balances()).toEqual({ abc: '1' });
    await proxy.reopen();
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '6' });
  });
});
