import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { retireOldest, type RetireOutcome } from '../../../src/retention/retire-oldest.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { eventually } from '../../support/eventually.js';
import { appendMany, ExtentReader, OpenPool } from './backlog-bench.js';
import { FaultBench } from './fault-bench.js';
import { LoadHarness } from './load-harness.js';

const DAY_MS = 86_400_000;
const RECORDS = 20_000;

describe('a backlog whose segments are archived while threads fold it', () => {
  let harness: LoadHarness;
  let pool: OpenPool;
  let log: LocalStagingLog;
  /** Another database, into which the same log is loaded from its start. */
  let second: LoadHarness;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    second = await LoadHarness.create();
  });
  beforeEach(async () => {
    await harness.reset();
    pool = new OpenPool();
    log = await harness.openLog('data', { segmentBytesMax: 300_000 });
    await appendMany(log, RECORDS);
    const onCheckpoint = ({ offset }: { offset: number }): void => {
      log.noteLoaded(offset as Parameters<typeof log.noteLoaded>[0]);
    };
    await harness.processor(log, { onCheckpoint, dataDir: harness.dataDir() }).runOnce();
    expect(await retire(DAY_MS)).toEqual({ kind: 'none' });
  });
  afterEach(() => pool.close());
  afterAll(async () => {
    await harness.remove();
    await second.remove();
  });

  const retire = (loadedForMs: number): Promise<RetireOutcome> =>
    retireOldest({
      ...{ log, retention: log.retention, dataSource: harness.dataSource },
      rules: { action: 'archive', loadedForMs },
      stop: new AbortController().signal,
    });

  const archived = async (): Promise<number> => {
    const names = await readdir(join(harness.dataDir(), 'staging'), { recursive: true });
    return names.filter((name) => name.endsWith('.jsonl.gz')).length;
  };

  test.each([1, 3, 7])('is loaded whole, when that happens before extent %i', async (at) => {
    await second.reset();
    const bench = new FaultBench(second);
    const reader = new ExtentReader(log, {
      beforeExtent: async (count) => {
        if (count !== at) return;
        await eventually(async () => (await retire(0)).kind === 'retired');
        while ((await retire(0)).kind === 'retired');
      },
    });
    expect(await second.processor(reader, { pool }).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await archived()).toBeGreaterThan(2);
    await bench.expectExact(log, RECORDS);
    // And what is archived is folded as it was.
    await second.reset();
    expect(await second.processor(reader, { pool }).runOnce()).toEqual({ kind: 'caught-up' });
    await bench.expectExact(log, RECORDS);
  });
});
