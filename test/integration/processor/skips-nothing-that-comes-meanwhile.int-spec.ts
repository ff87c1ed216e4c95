import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HookedReader } from './hooked-reader.js';
import { append, LoadHarness } from './load-harness.js';

describe('a load skips nothing that is accepted while it runs', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test.each(['START TRANSACTION', 'load_checkpoint', 'users_revenue', 'COMMIT'])(
    'during %s',
    async (text) => {
      const log = await harness.openLog();
      await append(log, ['abc', 1]);
      const dataSource = await harness.connect();
      const create = dataSource.createQueryRunner.bind(dataSource);
      let appended = 0;
      dataSource.createQueryRunner = (mode) => {
        const runner = create(mode);
        const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
        const patched = async (sql: string, ...rest: unknown[]): Promise<unknown> => {
          const answer = query(sql, ...rest);
          if (sql.includes(text) && appended++ === 0) await append(log, ['abc', 10], ['new', 5]);
          return answer;
        };
        runner.query = patched as typeof runner.query;
        return runner;
      };
      const processor = harness.processor(log, { dataSource });
      await processor.runOnce();
      await processor.runOnce();
      expect(appended).toBeGreaterThan(0);
      expect(await harness.balances()).toEqual({ abc: '11', new: '5' });
      expect(await harness.checkpoints()).toMatchObject([{ offset: log.endOffset(), events: 3 }]);
    },
  );

  test('between its last read and its transaction', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    const end = log.endOffset();
    const beforeFingerprint = async (offset: number): Promise<void> => {
      // Of what it is about to load; its first look was at the start of the log.
      if (offset === end && log.endOffset() === end) await append(log, ['abc', 10], ['new', 5]);
    };
    const processor = harness.processor(new HookedReader(log, { beforeFingerprint }));
    await processor.runOnce();
    expect(await harness.balances()).toEqual({ abc: '1' });
    await processor.runOnce();
    expect(await harness.balances()).toEqual({ abc: '11', new: '5' });
    expect(await harness.checkpoints()).toMatchObject([{ offset: log.endOffset(), events: 3 }]);
  });

  test.each([
    ['stands still', [0, 0, 0, 0]],
    ['goes back by an hour', [0, -3_600_000, -7_200_000, 0]],
    ['jumps ahead and back', [0, 10 ** 9, 5, 10 ** 9]],
  ])('when the clock %s', async (_what, steps) => {
    let step = 0;
    const now = (): number => 1_763_800_000_000 + (steps[step] ?? 0);
    const log = await harness.openLog('data', { now });
    const processor = harness.processor(log);
    for (step = 0; step < steps.length; step++) {
      await append(log, ['abc', 1]);
      await processor.runOnce();
    }
    expect(await harness.balances()).toEqual({ abc: String(steps.length) });
    const timestamp = 1_763_800_000_000 + steps.at(-1)!;
    expect(await harness.checkpoints()).toMatchObject([{ timestamp }]);
  });

  test('and ends under steady traffic, with what was there when it began', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 1]);
    const goal = log.endOffset();
    let loads = 0;
    // Each commit is followed by one more event, for ever.
    const processor = harness.processor(log, {
      onLoad: () => (loads += 1),
      onCheckpoint: () => void append(log, ['abc', 1]),
    });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(loads).toBe(1);
    const [checkpoint] = await harness.checkpoints();
    expect(checkpoint?.['offset']).toBeGreaterThanOrEqual(goal);
  });
});
