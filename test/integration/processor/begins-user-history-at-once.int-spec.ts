import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { noteUserHistory } from '../../../src/revenue/revenue.port.js';
import { append, LoadHarness } from './load-harness.js';
import { knownFrom } from './user-history-bench.js';

/** By how much each checkpoint moves. */
const STEP = 100;

describe('two logs whose loads begin to keep user history at once', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  /** What a load of `logId` does to checkpoint and state, in a transaction that stays open. */
  async function note(runner: QueryRunner, logId: string): Promise<void> {
    const [row]: { offset: number; timestamp: number }[] = await runner.query(
      `select "offset"::float8 as "offset", "timestamp"::float8 as "timestamp"
         from load_checkpoint where log_id = $1 for update`,
      [logId],
    );
    const { offset, timestamp } = row!;
    const to = { offset: offset + STEP };
    await runner.query('update load_checkpoint set "offset" = $2 where log_id = $1', [
      logId,
      to.offset,
    ]);
    await noteUserHistory(runner.manager, { logId, from: { offset, timestamp }, to });
  }

  test.each([
    ['the lesser', 0],
    ['the greater', 1],
  ])('each keep what they noted, the log of %s identity first', async (_which, first) => {
    const identities: string[] = [];
    for (const name of ['one', 'two']) {
      const log = await harness.openLog(name);
      await append(log, ['abc', 1]);
      await harness.processor(log).runOnce();
      identities.push(log.identity);
    }
    identities.sort();
    expect(await knownFrom(harness)).toEqual([null, null]);
    const runners = identities.map(() => harness.dataSource.createQueryRunner());
    try {
      for (const runner of runners) await runner.startTransaction();
      await note(runners[first]!, identities[first]!);
      const other = note(runners[1 - first]!, identities[1 - first]!);
      await harness.untilBlocked(1);
      await runners[first]!.commitTransaction();
      await other;
      await runners[1 - first]!.commitTransaction();
    } finally {
      for (const runner of runners) await runner.release();
    }
    expect(await knownFrom(harness)).toEqual([expect.any(String), expect.any(String)]);
  });
});
