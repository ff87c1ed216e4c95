import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Batch } from '../../../src/processor/batch.js';
import { LogGrowth } from '../../../src/processor/workers/log-growth.js';
import { readBacklog, type Backlogged } from '../../../src/processor/workers/read-backlog.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { START_OF_LOG, toOffset, type Offset } from '../../../src/staging-log/staging-log.port.js';
import {
  appendMany,
  BOUNDS,
  contentsOf,
  eventPayload,
  ExtentReader,
  foldHere,
  LOG_ID,
  OpenPool,
} from './backlog-bench.js';
import { FaultBench } from './fault-bench.js';
import { LoadHarness } from './load-harness.js';

const RECORDS = 20_000;
const small = { segmentBytesMax: 300_000 };

function requireBatch(backlogged: Backlogged): Batch {
  if (typeof backlogged === 'string') throw new Error(backlogged);
  return backlogged;
}

describe('a backlog that threads fold', () => {
  let harness: LoadHarness;
  let pool: OpenPool;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    pool = new OpenPool();
  });
  afterEach(() => pool.close());
  afterAll(() => harness.remove());

  /** Now and then a foreign line, a correction, a user that is not ASCII; and a clock that jumps. */
  async function openMixedLog(): Promise<LocalStagingLog> {
    let reads = 0;
    const now = (): number => 1_763_800_000_000 + ((reads++ * 7_919) % 100_003) * 60_000;
    const log = await harness.openLog('data', { ...small, now });
    await appendMany(log, RECORDS, (index) => {
      if (index % 997 === 0) return { payload: '{"userId":5,"name":"add_revenue","value":1}' };
      if (index % 1_009 === 0) {
        return { payload: eventPayload('corrected', 3), id: `dead-letter:${LOG_ID}:${index}` };
      }
      if (index % 10 === 0) return { payload: eventPayload(`Ünï-${index % 500}`, 0.000001) };
      return index % 2 === 0 ? null : { payload: eventPayload('a', 5), id: `id-${index}` };
    });
    return log;
  }

  async function recordStarts(log: LocalStagingLog): Promise<Offset[]> {
    const starts: Offset[] = [];
    for (let at: Offset = START_OF_LOG; ;) {
      const chunk = await log.read(at, 256 * 1024);
      if (chunk.kind !== 'records') return starts;
      for (let place = 0; place < chunk.bytes.length;) {
        starts.push(chunk.offsetAt(place));
        place = chunk.bytes.indexOf('\n', place) + 1;
      }
      at = chunk.next;
    }
  }

  test.each(['as it was appended', 'opened again'])(
    'is what the main thread makes of it, from any record on, %s',
    async (how) => {
      let log = await openMixedLog();
      if (how === 'opened again') {
        await log.close();
        log = await harness.openLog('data', small);
      }
      const reader = new ExtentReader(log);
      const starts = await recordStarts(log);
      expect(starts).toHaveLength(RECORDS);
      const blocks = starts.filter((_, index) => index % 1_777 === 0 || index === 1);
      for (const start of blocks) {
        const batch = requireBatch(
          await readBacklog(reader, start, { bounds: BOUNDS, pool, growth: new LogGrowth(reader) }),
        );
        expect(batch.end).toBeGreaterThan(log.endOffset() - 130_000);
        const expected = await contentsOf(await foldHere(log, start, batch.end));
        expect(await contentsOf(batch)).toEqual(expected);
      }
      expect(reader.extents).toBeGreaterThan(5 * blocks.length);
    },
  );

  test('leaves nothing of it to the next one, given back or not', async () => {
    const log = await openMixedLog();
    const reader = new ExtentReader(log);
    const read = async (): Promise<Batch> =>
      requireBatch(
        await readBacklog(reader, START_OF_LOG, {
          bounds: BOUNDS,
          pool,
          growth: new LogGrowth(reader),
        }),
      );
    const first = await contentsOf(await read());
    (await read()).release();
    await read(); // nobody gives it back
    expect(await contentsOf(await read())).toEqual(first);
  });

  test('of which no more is given than there is: none at the end of the log', async () => {
    const log = await openMixedLog();
    const end = log.endOffset();
    expect(await readBacklog(log, end, { bounds: BOUNDS, pool, growth: new LogGrowth(log) })).toBe(
      'nothing-to-fold',
    );
    expect(
      await readBacklog(log, toOffset(end - 1), {
        bounds: BOUNDS,
        pool,
        growth: new LogGrowth(log),
      }),
    ).toBe('nothing-to-fold');
  });

  test('is loaded batch after batch, whatever bounds them', async () => {
    const log = await openMixedLog();
    const bench = new FaultBench(harness);
    for (const bounds of [
      { usersMax: 1, readMsMax: 600_000 },
      { usersMax: 1_000_000, readMsMax: 0 },
      BOUNDS,
    ]) {
      await harness.dataSource.query(
        'truncate users_revenue, load_checkpoint, dead_letters, resubmissions, loads',
      );
      const processor = harness.processor(new ExtentReader(log), { pool, bounds });
      expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
      expect(await bench.verify(log)).toMatchObject({ kind: 'exact', offset: log.endOffset() });
      expect(await harness.deadLetters()).toHaveLength(Math.ceil(RECORDS / 997));
    }
    expect(pool.uses).toBeGreaterThan(3);
    expect(harness.reports.length).toBeGreaterThan(5);
  });

  test('has its dead letters in bounded batches, each at its place', async () => {
    const log = await harness.openLog('data', small);
    await appendMany(log, RECORDS, (index) =>
      index % 4 === 0 ? { payload: '{"userId":""}' } : null,
    );
    const processor = harness.processor(new ExtentReader(log), { pool });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    for (const { deadLetters } of harness.reports) expect(deadLetters).toBeLessThanOrEqual(1_000);
    await new FaultBench(harness).expectExact(log, (RECORDS * 3) / 4, RECORDS / 4);
  });

  test('is sent again, all of it, when the transaction is run again', async () => {
    const log = await harness.openLog('data', small);
    const users = 70_000; // more than a page
    await appendMany(log, users, (index) => ({ payload: eventPayload(`user-${index}`, 1) }));
    await harness.dataSource.query('create sequence conflicts');
    await harness.dataSource
      .query(`create function conflict() returns trigger language plpgsql as $$
      begin
        if nextval('conflicts') <= 2 then
          raise exception 'conflict of the test' using errcode = '40P01';
        end if;
        return null;
      end $$`);
    await harness.dataSource
      .query(`create trigger conflict after insert or update on load_checkpoint
      for each statement execute function conflict()`);
    await harness.dataSource.query(`create constraint trigger conflict after insert on loads
      deferrable initially deferred for each row execute function conflict()`);
    try {
      const processor = harness.processor(log, { pool });
      expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    } finally {
      await harness.dataSource.query('drop function conflict cascade');
      await harness.dataSource.query('drop sequence conflicts');
    }
    expect(harness.reports[0]?.users).toBeGreaterThan(65_536);
    await new FaultBench(harness).expectExact(log, users);
  });
});
