import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultBench } from './fault-bench.js';
import { HookedReader, meetingOf } from './hooked-reader.js';
import { append, LoadHarness, type TestEvent } from './load-harness.js';

describe('a load refuses a log that is not the one the database has loaded', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  /** A log with loaded events, closed, and a copy of its data directory. */
  async function prepareFork(loaded: readonly TestEvent[]): Promise<void> {
    const log = await harness.openLog('data');
    await append(log, ...loaded);
    await harness.processor(log).runOnce();
    await log.close();
    await harness.copyDataDir('data', 'copy');
  }

  const everything = async (): Promise<unknown> => ({
    balances: await harness.balances(),
    checkpoints: await harness.checkpoints(),
    deadLetters: await harness.deadLetters(),
  });

  test.each<[string, TestEvent, TestEvent]>([
    ['of another length', ['abc', 1], ['abc', 22_222]],
    ['of the same length', ['abc', 1], ['abc', 2]],
    ['that goes on longer', ['abc', 22_222], ['b', 1]],
  ])('LOG_FORKED: a copy with an event %s', async (_what, original, other) => {
    await prepareFork([['abc', 100]]);
    const now = (): number => 1_763_800_000_000;
    const first = await harness.openLog('data', { now });
    const second = await harness.openLog('copy', { now });
    await append(first, original);
    await append(second, other);
    const processor = harness.processor(second);
    expect(await harness.processor(first).runOnce()).toEqual({ kind: 'caught-up' });
    await append(second, ['late', 1], ['later', 1]);
    const before = await everything();
    for (let i = 0; i < 2; i++) {
      const outcome = await processor.runOnce();
      expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_FORKED' });
      expect(outcome).toHaveProperty('message', expect.stringContaining(second.identity));
    }
    expect(await everything()).toEqual(before);
  });

  test.each([
    ['from the start of the log', []],
    ['from a loaded place', [['abc', 100]] as TestEvent[]],
  ])('LOG_FORKED: a copy that loads at the same moment, %s', async (_what, loaded) => {
    await prepareFork(loaded);
    const logs = await Promise.all(['data', 'copy'].map((name) => harness.openLog(name)));
    await append(logs[0]!, ['abc', 1]);
    await append(logs[1]!, ['abc', 2]);
    const meeting = meetingOf(2);
    const runs = logs.map(async (log) => {
      const dataSource = await harness.connect();
      return harness
        .processor(new HookedReader(log, { beforeRead: meeting.come }), { dataSource })
        .runOnce();
    });
    const outcomes = (await Promise.all(runs)).map((outcome) =>
      outcome.kind === 'wrong-log' ? outcome.code : outcome.kind,
    );
    expect(outcomes.toSorted()).toEqual(['LOG_FORKED', 'caught-up']);
    const winner = outcomes.indexOf('caught-up') + 1;
    const sum = winner + (loaded.length === 0 ? 0 : 100);
    expect(await harness.balances()).toEqual({ abc: String(sum) });
  });

  test('LOG_BEHIND_CHECKPOINT: an older copy, until it is as long as the checkpoint', async () => {
    await prepareFork([['abc', 100]]);
    const first = await harness.openLog('data');
    await append(first, ['abc', 1], ['xyz', 1]);
    await harness.processor(first).runOnce();
    const second = await harness.openLog('copy');
    const before = await everything();
    const processor = harness.processor(second);
    const outcome = await processor.runOnce();
    expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_BEHIND_CHECKPOINT' });
    expect(outcome).toHaveProperty('message', expect.stringContaining(`${first.endOffset()}`));
    await append(second, ['late', 1], ['late', 1], ['late', 1]);
    expect(await processor.runOnce()).toMatchObject({ code: 'LOG_FORKED' });
    expect(await everything()).toEqual(before);
    // The way out that the message names; and with the right log back, all is exact.
    for (const word of ['older copy', 'nothing is loaded', 'docs/operations.md']) {
      expect(outcome).toHaveProperty('message', expect.stringContaining(word));
    }
    await append(first, ['abc', 1]);
    await new FaultBench(harness).expectAllLoaded(harness.processor(first), first, { events: 4 });
  });

  test('LOG_BEHIND_CHECKPOINT: a log that was emptied under its identity', async () => {
    await prepareFork([]);
    const first = await harness.openLog('data');
    await append(first, ['abc', 1]);
    await harness.processor(first).runOnce();
    const second = await harness.openLog('copy');
    const outcome = await harness.processor(second).runOnce();
    expect(outcome).toMatchObject({ code: 'LOG_BEHIND_CHECKPOINT' });
  });

  test.each([-1, 1])('LOG_FORKED: a checkpoint %d byte off the end of a record', async (off) => {
    const log = await harness.openLog();
    await append(log, ['abc', 1], ['abc', 2]);
    await harness.processor(log).runOnce();
    await append(log, ['abc', 3]);
    await harness.dataSource.query('update load_checkpoint set "offset" = "offset" + $1', [off]);
    const outcome = await harness.processor(log).runOnce();
    expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_FORKED' });
    expect(await harness.balances()).toEqual({ abc: '3' });
  });

  test('but goes on with a copy that has what was loaded', async () => {
    await prepareFork([['abc', 100]]);
    const copy = await harness.openLog('copy');
    await append(copy, ['abc', 1]);
    expect(await harness.processor(copy).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '101' });
  });
});
