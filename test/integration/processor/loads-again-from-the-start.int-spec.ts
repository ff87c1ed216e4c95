import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { append, LoadHarness, recordLine } from './load-harness.js';

describe('loading a log again into a database that was reset', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  const result = async (): Promise<unknown> => ({
    balances: await harness.balances(),
    checkpoints: await harness.checkpoints(),
    deadLetters: await harness.deadLetters(),
  });

  test.each([
    ['all tables', 'truncate users_revenue, load_checkpoint, dead_letters'],
    ['all but the dead letters', 'truncate users_revenue, load_checkpoint'],
  ])('gives the same, after losing %s', async (_what, reset) => {
    await harness.reset();
    const log = await harness.openLogWith(`${recordLine('abc', 0.1)}poison\n{}\n`);
    const processor = harness.processor(log);
    await processor.runOnce();
    await append(log, ['abc', 0.2], ['xyz', 7, 'subtract_revenue'], ['__proto__', 1]);
    await processor.runOnce();
    const before = await result();
    await harness.dataSource.query(reset);
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await result()).toEqual(before);
    expect(harness.reports).toHaveLength(3);
  });
});
