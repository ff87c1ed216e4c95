import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { reloadRange, type ReloadOutcome } from '../../../src/processor/processor.port.js';
import { START_OF_LOG, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
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

const SEGMENT = 80_000;
const EVENTS = 6_000;

describe('with files that are really damaged', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let dataDir: string;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    dataDir = harness.dataDir();
  });
  afterAll(() => harness.remove());

  const open = (): Promise<StagingLog> => harness.openLog('data', { segmentBytesMax: SEGMENT });
  const load = (log: StagingLog): Promise<unknown> => harness.processor(log, { dataDir }).runOnce();
  const verify = (log: StagingLog) => shares.verify(log, { dataDir });
  const reload = (log: StagingLog): Promise<ReloadOutcome> =>
    reloadRange({
      ...{ dataSource: harness.dataSource, log, dataDir },
      ...{ from: START_OF_LOG, to: log.endOffset() },
    });

  /** Several segments of events of 1 each, closed. */
  async function stage(): Promise<number[]> {
    const log = await open();
    for (let index = 0; index < EVENTS; index += 200) {
      const events = Array.from({ length: 200 }, (_, n): TestEvent => [`u-${(index + n) % 97}`, 1]);
      await append(log, ...events);
    }
    await log.close();
    const starts = await segmentStarts(dataDir);
    expect(starts.length).toBeGreaterThan(3);
    return starts;
  }

  const revenue = async (): Promise<number> => {
    const [row] = await harness.dataSource.query<{ sum: number }[]>(
      'select coalesce(sum(revenue), 0)::int as sum from users_revenue',
    );
    return row?.sum ?? 0;
  };

  /** Loads around the damage, restores, reloads, and has verify find each step exact. */
  async function expectExactThroughout(restore: Restore, letters: number): Promise<void> {
    let log = await open();
    expect(await load(log)).toEqual({ kind: 'caught-up' });
    const lost = EVENTS - (await revenue());
    expect(lost).toBeGreaterThan(0);
    expect(await harness.deadLetters()).toHaveLength(letters);
    expect(await verify(log)).toMatchObject({ kind: 'exact', deadLetters: { inLog: letters } });
    expect(await reload(log)).toMatchObject({ kind: 'still-damaged' });

    await log.close();
    await restore();
    log = await open();
    expect(await load(log)).toEqual({ kind: 'caught-up' });
    expect(await verify(log)).toMatchObject({ kind: 'exact', deadLetters: { inLog: letters } });
    expect(await reload(log)).toMatchObject({ kind: 'reloaded', events: lost, deadLetters: 0 });
    expect(await verify(log)).toMatchObject({ kind: 'exact', deadLetters: { inLog: 0 } });
    expect(await revenue()).toBe(EVENTS);
    expect(await reload(log)).toEqual({ kind: 'nothing-to-reload' });
    await append(log, ['later', 1]);
    await load(log);
    expect(await verify(log)).toMatchObject({ kind: 'exact', events: { inLog: EVENTS + 1 } });
  }

  test.each([
    ['the first', 0, 10],
    ['a middle one', 1, 70_000],
    ['the last one that is sealed', -2, 5_000],
    ['the last one', -1, 10],
  ])('a flipped byte in %s of the segments costs its block, and no more', async (_w, which, at) => {
    const starts = await stage();
    const first = starts.at(which) ?? 0;
    const restore = await flipByte(segmentAt(dataDir, first), at);
    await expectExactThroughout(restore, 1);
    const [letter] = await harness.deadLetters();
    const [from, length] = [Number(letter?.offset), Number(letter?.length)];
    expect(letter).toMatchObject({ code: 'BLOCK_CORRUPT', state: 'reloaded' });
    expect(from).toBeLessThanOrEqual(first + at);
    expect(from + length).toBeGreaterThan(first + at);
    expect(length).toBeLessThanOrEqual(64 * 1024);
  });

  test('a segment that is gone is one range', async () => {
    const starts = await stage();
    await expectExactThroughout(await takeFile(segmentAt(dataDir, starts[1] ?? 0)), 1);
    expect(await harness.deadLetters()).toMatchObject([
      {
        code: 'BLOCK_MISSING',
        offset: String(starts[1]),
        length: String((starts[2] ?? 0) - (starts[1] ?? 0)),
      },
    ]);
  });

  test.each([
    ['the first segment', 0],
    ['the last segment', -1],
  ])('%s that was cut off costs what is gone of it', async (_what, which) => {
    const starts = await stage();
    const path = segmentAt(dataDir, starts.at(which) ?? 0);
    await expectExactThroughout(await cutFile(path, 5_005), 1);
    expect(await harness.deadLetters()).toMatchObject([{ code: 'BLOCK_MISSING' }]);
  });

  test('several of them at once, side by side, and at the start of the log', async () => {
    const starts = await stage();
    const paths = starts.map((first) => segmentAt(dataDir, first));
    const restores = [
      await flipByte(paths[0] ?? '', 0),
      await flipByte(paths[0] ?? '', 70_000),
      await takeFile(paths[1] ?? ''),
      await flipByte(paths[2] ?? '', 70_000),
    ];
    await expectExactThroughout(async () => {
      for (const restore of restores) await restore();
    }, 4);
  });

  test('a block of which a part was loaded before it was damaged', async () => {
    let log = await open();
    await append(log, ...Array.from({ length: 100 }, (): TestEvent => ['early', 1]));
    await load(log);
    const [{ offset } = {}] = await harness.checkpoints();
    await append(log, ...Array.from({ length: 100 }, (): TestEvent => ['late', 1]));
    await log.close();
    const restore = await flipByte(segmentAt(dataDir, 0), log.endOffset() - 50);
    log = await open();
    await append(log, ['after', 1]);
    await load(log);
    expect(await harness.balances()).toEqual({ after: '1', early: '100' });
    expect(await harness.deadLetters()).toMatchObject([{ offset: String(offset) }]);
    const refused = await verify(log);
    expect(refused).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(refused).toHaveProperty('message', expect.stringContaining(`0 to ${String(offset)}`));
    await log.close();
    await restore();
    log = await open();
    expect(await verify(log)).toMatchObject({ kind: 'exact', deadLetters: { inLog: 1 } });
    expect(await reload(log)).toMatchObject({ kind: 'reloaded', events: 100 });
    expect(await harness.balances()).toEqual({ after: '1', early: '100', late: '100' });
    expect(await verify(log)).toMatchObject({ kind: 'exact', deadLetters: { inLog: 0 } });
  });

  test('the last record before the checkpoint, which checkpoint.json stands in for', async () => {
    const starts = await stage();
    let log = await open();
    await load(log);
    await log.close();
    const last = starts.at(-1) ?? 0;
    const restore = await flipByte(segmentAt(dataDir, last), log.endOffset() - last - 10);
    log = await open();
    await append(log, ['later', 1]);
    const mirror = join(dataDir, 'checkpoint.json');
    await copyFile(mirror, `${mirror}.kept`);
    await rm(mirror);
    expect(await load(log)).toMatchObject({ kind: 'wrong-log', code: 'LOG_DAMAGED' });
    expect(await verify(log)).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(await revenue()).toBe(EVENTS);
    await copyFile(`${mirror}.kept`, mirror);
    // It was loaded before it was damaged: the balances have it, and verify cannot know what it was.
    expect(await load(log)).toEqual({ kind: 'caught-up' });
    expect(await revenue()).toBe(EVENTS + 1);
    expect(await harness.deadLetters()).toEqual([]);
    expect(await verify(log)).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    await log.close();
    await restore();
    log = await open();
    expect(await verify(log)).toMatchObject({ kind: 'exact', events: { inLog: EVENTS + 1 } });
  });
});
