import { afterEach, describe, expect, it } from '@jest/globals';
import type { HistogramFigures } from '../../../src/shared/histogram.js';
import { eventually } from '../../support/eventually.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { appendNumbers, createBench, loadAll, retireOne } from './archives-support.js';

let bench: StagingLogWorkbench;
afterEach(() => bench.remove());

const total = ({ counts }: HistogramFigures): number =>
  counts.reduce((sum, count) => sum + count, 0);

describe('the figures of the log', () => {
  it('have what waits for the disk while it waits, and then how long that took', async () => {
    bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    const gate = bench.files.hold('fdatasync');
    const appends = [1, 2, 3].map((n) => appendAll(log, record(n)));
    await eventually(() => log.figures().queue.appends === 3);
    const { queue, appendSeconds, syncSeconds } = log.figures();
    expect([total(appendSeconds), total(syncSeconds)]).toEqual([0, 0]);
    gate.open();
    bench.files.heal();
    await Promise.all(appends);
    expect(queue.bytes).toBe(log.endOffset());
    expect(log.figures().queue).toEqual({ bytes: 0, appends: 0 });
    expect(total(appendSeconds)).toBe(3);
    const syncs = total(syncSeconds);
    expect(syncs).toBeGreaterThan(0);
    expect(syncs).toBeLessThanOrEqual(3);
    expect(appendSeconds.sum).toBeGreaterThan(0);
  });

  it('have no append that was refused', async () => {
    bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    bench.files.failNext('fdatasync', new Error('EIO'));
    expect(await log.append([record(1)])).toMatchObject({ kind: 'refused' });
    expect(log.figures().queue).toEqual({ bytes: 0, appends: 0 });
    expect(total(log.figures().appendSeconds)).toBe(0);
    expect(total(log.figures().syncSeconds)).toBe(0);
  });

  it('have the ids of durable records, and the window that is left when there are too many', async () => {
    bench = await StagingLogWorkbench.create({ dedupeIdsMax: 3, dedupeWindowSeconds: 3_600 });
    const log = await bench.open();
    await appendAll(log, record(1, 'a'), record(2));
    expect(log.figures().ids).toEqual({ remembered: 1, windowSeconds: 3_600 });
    for (const id of ['b', 'c', 'd']) {
      bench.passTime(60_000);
      await appendAll(log, record(3, id));
    }
    expect(log.figures().ids).toEqual({ remembered: 3, windowSeconds: 120 });
  });

  it('have how often the clock went back by more than a second', async () => {
    bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    for (const now of [
      1_763_800_000_000, 1_763_799_999_500, 1_763_799_000_000, 1_763_799_000_500,
    ]) {
      bench.now = now;
      await appendAll(log, record(1));
    }
    expect(log.figures().clockStepsBack).toBe(1);
  });

  it.each(['archive', 'delete'] as const)('have each segment that went: %s', async (action) => {
    bench = await createBench();
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 12]);
    await loadAll(log, bench, action);
    let retired = 0;
    while ((await retireOne(log, action)) !== null) retired += 1;
    expect(retired).toBeGreaterThan(1);
    expect(log.figures().retired).toEqual({ archive: 0, delete: 0, [action]: retired });
  });

  it('have the room on the disk, and nothing while the system does not tell', async () => {
    bench = await StagingLogWorkbench.create();
    bench.files.free = 12_345;
    const log = await bench.open();
    expect(log.diskSpace()?.freeBytes).toBe(12_345);
    expect(log.diskSpace()?.totalBytes).toBeGreaterThan(12_345);
    bench.files.before = (call) => {
      if (call === 'diskSpace') throw new Error('EIO');
    };
    await eventually(() => log.diskSpace() === null);
    expect(log.health()).toEqual({ kind: 'accepting' });
  });
});
