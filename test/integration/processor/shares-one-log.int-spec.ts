import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLogBesideOwner } from '../../../src/staging-log/log-tools.port.js';
import { append, LoadHarness, recordLine } from './load-harness.js';
import { HookedReader, meetingOf } from './hooked-reader.js';

describe('two processors on one log load each event once', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test.each([
    ['the first load', 0],
    ['a later load', 1],
  ])('at %s, when both have read the same checkpoint', async (_which, loadsBefore) => {
    const log = await harness.openLog();
    for (let i = 0; i < loadsBefore; i++) {
      await append(log, ['abc', 1_000]);
      await harness.processor(log).runOnce();
    }
    await append(log, ['abc', 100], ['xyz', 7]);
    // Both are past their checkpoint and about to load when the second one begins to read.
    const meeting = meetingOf(2);
    const runs = [1, 2].map(async () => {
      const dataSource = await harness.connect();
      const reader = new HookedReader(log, { beforeRead: meeting.come });
      return harness.processor(reader, { dataSource }).runOnce();
    });
    expect(await Promise.all(runs)).toEqual([{ kind: 'caught-up' }, { kind: 'caught-up' }]);
    expect(meeting.came).toBe(4); // a chunk and the end, each; the loser read nothing more
    expect(harness.reports).toHaveLength(loadsBefore + 1);
    expect(await harness.balances()).toEqual({ abc: String(100 + 1_000 * loadsBefore), xyz: '7' });
  });

  test('over many rounds, while events come in', async () => {
    const log = await harness.openLog();
    const processors = await Promise.all(
      [1, 2].map(async () => harness.processor(log, { dataSource: await harness.connect() })),
    );
    const rounds = 40;
    let done = false;
    const loads = processors.map(async (processor) => {
      while (!done) expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    });
    for (let round = 0; round < rounds; round++) {
      await append(log, ['abc', 3], ['xyz', 1, 'subtract_revenue'], [`user-${round}`, 1]);
    }
    done = true;
    await Promise.all(loads);
    await processors[0]!.runOnce();
    expect(await harness.balances()).toMatchObject({ abc: String(3 * rounds), xyz: `-${rounds}` });
    const loaded = harness.reports.reduce((sum, { events }) => sum + events, 0);
    expect(loaded).toBe(3 * rounds);
    expect(await harness.checkpoints()).toMatchObject([{ events: 3 * rounds }]);
  });

  test('beside its owner, whose end moved on and was loaded meanwhile', async () => {
    const owner = await harness.openLogWith(recordLine('abc', 1));
    let end: number = owner.endOffset();
    const beside = await openLogBesideOwner(harness.dataDir(), () => end);
    await append(owner, ['abc', 2]);
    await harness.processor(owner).runOnce();
    const refresh = (): Promise<void> => {
      end = owner.endOffset();
      return Promise.resolve();
    };
    expect(await harness.processor(beside.log, { refresh }).runOnce()).toEqual({
      kind: 'caught-up',
    });
    await beside.close();
    expect(await harness.balances()).toEqual({ abc: '3' });
  });

  test('in one process, where a second run finds it busy', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    const processor = harness.processor(log);
    const first = processor.runOnce();
    expect(await processor.runOnce()).toEqual({ kind: 'busy' });
    await processor.idle();
    expect(await harness.balances()).toEqual({ abc: '1' });
    expect(await first).toEqual({ kind: 'caught-up' });
  });
});
