import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { nodeLogFiles, type LogFiles } from '../../../src/staging-log/files/log-files.js';
import { append, LoadHarness, recordLine, type TestEvent } from './load-harness.js';

/** As far as a proof looks back: the block with the last record, which is checked as a whole. */
const BLOCK_BYTES_MAX = 64 * 1024;

describe('a load costs what is new', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test('reads nothing again that was loaded, even after a start', async () => {
    const positions: number[] = [];
    const files: LogFiles = {
      ...nodeLogFiles,
      read: (fd, into, position) => {
        positions.push(position);
        return nodeLogFiles.read(fd, into, position);
      },
    };
    await (await harness.openLogWith(recordLine('abc', 1).repeat(20_000))).close();
    const log = await harness.openLog('data', { files });
    await harness.processor(log).runOnce();
    const loaded = log.endOffset();
    await append(log, ['abc', 5]);
    positions.length = 0;
    await harness.processor(log).runOnce();
    expect(harness.reports[1]).toMatchObject({ fromOffset: loaded, events: 1 });
    expect(Math.min(...positions)).toBeGreaterThanOrEqual(loaded - BLOCK_BYTES_MAX);
    expect(await harness.balances()).toEqual({ abc: '20005' });
  });

  test('asks the database as often for 5,000 users as for one', async () => {
    const log = await harness.openLog();
    const dataSource = await harness.connect();
    const statements = countStatements(dataSource);
    const processor = harness.processor(log, { dataSource });
    const users = Array.from({ length: 5_000 }, (_, n): TestEvent => [`user-${n}`, n]);
    await append(log, ['first', 1]);
    await processor.runOnce();
    const atStart = statements();
    await append(log, ['abc', 1]);
    await processor.runOnce();
    const forOne = statements() - atStart;
    await append(log, ...users);
    await processor.runOnce();
    expect(harness.reports.map((report) => report.users)).toEqual([1, 1, 5_000]);
    expect(forOne).toBeGreaterThan(0);
    expect(statements()).toBe(atStart + 2 * forOne);
  });
});

/** How many statements went through the runners of a pool so far. */
function countStatements(dataSource: DataSource): () => number {
  const create = dataSource.createQueryRunner.bind(dataSource);
  let count = 0;
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    const counting = (...args: unknown[]): Promise<unknown> => {
      count += 1;
      return query(...args);
    };
    runner.query = counting as typeof runner.query;
    return runner;
  };
  return () => count;
}
