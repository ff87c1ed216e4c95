import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reloadRange } from '../../../src/processor/processor.port.js';
import { START_OF_LOG, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { seededRandom, testSeed } from '../../support/seeded-random.js';
import {
  cutFile,
  flipByte,
  segmentAt,
  segmentStarts,
  takeFile,
  type Restore,
} from '../processor/break-files.js';
import { append, LoadHarness, type TestEvent } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const ROUNDS = 8;
const CYCLES = 3;

/**
 * Appends, loads, damages, loads, restores and reloads at random. Whatever was damaged when: what verify
 * says is never drift, and once all is restored and reloaded, all that was acknowledged counts once.
 */
describe('with any files damaged at any time', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  const seed = testSeed();
  test.each(Array.from({ length: ROUNDS }, (_, round) => seed + round))(
    'verify is exact or refuses, and in the end every event counts once (SEED=%d)',
    async (roundSeed) => {
      const random = seededRandom(roundSeed);
      await harness.reset();
      shares = new ShareHarness(harness);
      let appended = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        appended += await during((log) => appendAndLoad(random, log));
        const restores = await damageSome(random);
        appended += await during((log) => appendAndLoad(random, log));
        await during(async (log) => {
          await load(log);
          expect(['exact', 'LOG_DAMAGED']).toContain(await verdict(log));
        });
        for (const restore of restores) await restore();
        await during(async (log) => {
          expect(await load(log)).toEqual({ kind: 'caught-up' });
          expect(await verdict(log)).toBe('exact');
          expect(['reloaded', 'nothing-to-reload']).toContain((await reload(log)).kind);
          expect(await verdict(log)).toBe('exact');
          expect((await reload(log)).kind).toBe('nothing-to-reload');
          expect(await revenue()).toBe(appended);
        });
      }
    },
  );

  async function during<T>(work: (log: StagingLog) => Promise<T>): Promise<T> {
    const log = await harness.openLog('data', { segmentBytesMax: 30_000 });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  const load = (log: StagingLog): Promise<unknown> =>
    harness.processor(log, { dataDir: harness.dataDir() }).runOnce();

  async function verdict(log: StagingLog): Promise<string> {
    const verification = await shares.verify(log, { dataDir: harness.dataDir() });
    return verification.kind === 'refused' ? verification.code : verification.kind;
  }

  const reload = (log: StagingLog) =>
    reloadRange({
      ...{ dataSource: harness.dataSource, log, dataDir: harness.dataDir() },
      ...{ from: START_OF_LOG, to: log.endOffset() },
    });

  const revenue = async (): Promise<number> => {
    const [row] = await harness.dataSource.query<{ sum: number }[]>(
      'select coalesce(sum(revenue), 0)::int as sum from users_revenue',
    );
    return row?.sum ?? 0;
  };

  /** Events of 1 each. Answers with how many. */
  async function appendAndLoad(random: () => number, log: StagingLog): Promise<number> {
    let appended = 0;
    for (let index = 0; index < 6; index++) {
      const count = Math.floor(random() * 300);
      const events = Array.from({ length: count }, (_, n): TestEvent => [`u-${n % 7}`, 1]);
      if (count > 0) await append(log, ...events);
      appended += count;
      if (random() < 0.3) await load(log);
    }
    return appended;
  }

  async function damageSome(random: () => number): Promise<Restore[]> {
    const dataDir = harness.dataDir();
    const starts = await segmentStarts(dataDir);
    const restores: Restore[] = [];
    for (const [index, first] of starts.entries()) {
      if (random() < 0.4) continue;
      const path = segmentAt(dataDir, first);
      const { size } = await stat(path);
      if (size === 0) continue;
      const position = Math.floor(random() * size);
      const kind = random();
      // Without the last one, nothing tells that it ever was there: that is a log of before.
      if (kind < 0.2 && index < starts.length - 1) restores.push(await takeFile(path));
      else if (kind < 0.4) restores.push(await cutFile(path, position));
      else restores.push(await flipByte(path, position));
    }
    return restores;
  }
});
