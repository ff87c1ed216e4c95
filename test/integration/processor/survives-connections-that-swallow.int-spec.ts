import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { DatabaseProxy } from '../../support/database-proxy.js';
import { append, LoadHarness } from './load-harness.js';

/** Longer than any statement takes that is answered, on a busy machine, too. */
const PATIENCE_MS = 4_000;

describe('a connection on which nothing comes back any more', () => {
  let harness: LoadHarness;
  let proxy: DatabaseProxy;
  let dataSource: DataSource;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());
  beforeEach(async () => {
    await harness.reset();
    proxy = await DatabaseProxy.create(harness.database.url);
    await proxy.open();
    const options = dataSourceOptions(proxy.url);
    const extra = { ...(options as { extra: object }).extra, query_timeout: PATIENCE_MS };
    dataSource = await new DataSource({ ...options, extra }).initialize();
  });

  test('fails one run, and the next one has another', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log, { dataSource });
    await append(log, ['abc', 1]);
    await processor.runOnce();
    await append(log, ['abc', 2]);
    proxy.swallow();
    await expect(processor.runOnce()).rejects.toThrow('Query read timeout');
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '3' });
    await dataSource.destroy();
    await proxy.close();
  });

  test('does so in the middle of a transaction, too', async () => {
    const log = await harness.openLog();
    const lock = await harness.connect();
    const runner = lock.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table loads in exclusive mode'); // the last statement waits
    const processor = harness.processor(log, { dataSource });
    await append(log, ['abc', 1]);
    const run = processor.runOnce();
    await harness.untilBlocked(1);
    proxy.swallow();
    await expect(run).rejects.toThrow('Query read timeout');
    await runner.rollbackTransaction();
    await runner.release();
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '1' });
    await dataSource.destroy();
    await proxy.close();
  });
});
