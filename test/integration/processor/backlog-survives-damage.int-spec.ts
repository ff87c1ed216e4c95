import { rename, rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { appendMany, ExtentReader, OpenPool } from './backlog-bench.js';
import { cutFile, flipByte, segmentAt, segmentStarts, takeFile } from './break-files.js';
import { FaultBench } from './fault-bench.js';
import { LoadHarness } from './load-harness.js';

const RECORDS = 20_000;
const small = { segmentBytesMax: 300_000 };

describe('a backlog with damage in it', () => {
  let harness: LoadHarness;
  let pool: OpenPool;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    pool = new OpenPool();
  });
  afterEach(() => pool.close());
  afterAll(() => harness.remove());

  /** All that a load leaves in the tables, but for times. */
  async function load(log: StagingLogReader, threads: OpenPool | null): Promise<unknown> {
    await harness.dataSource.query(
      'truncate users_revenue, load_checkpoint, dead_letters, resubmissions, loads',
    );
    const processor = harness.processor(log, { pool: threads });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    return {
      balances: await harness.balances(),
      deadLetters: await harness.deadLetters(),
      checkpoints: await harness.checkpoints(),
    };
  }

  async function openLog(): Promise<LocalStagingLog> {
    const log = await harness.openLog('data', small);
    await appendMany(log, RECORDS);
    return log;
  }

  const segment = async (index: number): Promise<string> => {
    const first = (await segmentStarts(harness.dataDir()))[index]!;
    return segmentAt(harness.dataDir(), first);
  };

  const DAMAGES: Record<string, (path: string) => Promise<unknown>> = {
    'a byte is flipped at its start': (path) => flipByte(path, 0),
    'a byte is flipped in its middle': (path) => flipByte(path, 150_000),
    'a newline is gone': (path) => flipByte(path, 299_000),
    'its end is cut off': (path) => cutFile(path, 200_001),
    'all of it is cut off': (path) => cutFile(path, 0),
    'it is gone': (path) => takeFile(path),
    'its checksums are gone': (path) => takeFile(path.replace('.jsonl', '.sums')),
    'its checksums are damaged': (path) => flipByte(path.replace('.jsonl', '.sums'), 40),
  };

  test.each(Object.keys(DAMAGES).flatMap((damage) => [0, 2].map((at) => [damage, at] as const)))(
    'is loaded as by the main thread: %s, segment %i',
    async (damage, at) => {
      await (await openLog()).close();
      await DAMAGES[damage]!(await segment(at));
      const log = await harness.openLog('data', small);
      const found = await load(new ExtentReader(log), pool);
      expect(pool.uses).toBeGreaterThan(0);
      expect(await new FaultBench(harness).verify(log)).toMatchObject({
        ...{ kind: 'exact', offset: log.endOffset(), differences: [] },
      });
      expect(found).toEqual(await load(log, null));
    },
  );

  test('that comes while it is read is found, and quarantined alone', async () => {
    const log = await openLog();
    const path = await segment(2);
    const reader = new ExtentReader(log, {
      beforeExtent: async (count) => {
        if (count === 2) await flipByte(path, 150_000);
      },
    });
    const found = await load(reader, pool);
    expect(await harness.deadLetters()).toMatchObject([{ code: 'BLOCK_CORRUPT' }]);
    expect(await new FaultBench(harness).verify(log)).toMatchObject({ kind: 'exact' });
    expect(found).toEqual(await load(log, null));
  });

  test('is loaded whole where it was for a moment only', async () => {
    const log = await openLog();
    const path = await segment(1);
    let away = false;
    const reader = new ExtentReader(log, {
      beforeExtent: async (count) => {
        if (count > 1) return;
        await rename(path, `${path}.away`);
        away = true;
      },
      beforeRead: async () => {
        if (away) await rename(`${path}.away`, path);
        away = false;
      },
    });
    await load(reader, pool);
    expect(away).toBe(false);
    await new FaultBench(harness).expectExact(log, RECORDS);
  });

  test('is found in each run anew, however often the same threads fold it', async () => {
    const log = await openLog();
    const path = await segment(3);
    const restore = await flipByte(path, 100);
    const processor = harness.processor(new ExtentReader(log), { pool });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    await appendMany(log, RECORDS);
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await new FaultBench(harness).verify(log)).toMatchObject({
      ...{ kind: 'exact', offset: log.endOffset() },
      deadLetters: { inLog: 1, inTable: 1 },
    });
    await restore();
    await rm(`${path}.kept`, { force: true });
  });
});
