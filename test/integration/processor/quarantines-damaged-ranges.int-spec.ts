import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DamagedReader } from './damaged-reader.js';
import { append, LoadHarness, recordLine } from './load-harness.js';

const line = recordLine('abc', 1);
const AT = line.length;

describe('a load quarantines what is damaged', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const openDamaged = async (records: number): Promise<DamagedReader> =>
    new DamagedReader(await harness.openLogWith(line.repeat(records)));

  test.each(['BLOCK_CORRUPT', 'BLOCK_MISSING'] as const)(
    'as one dead letter %s, and goes on behind it in the same transaction',
    async (code) => {
      const log = await openDamaged(10);
      log.damage = [{ from: 3 * AT, to: 7 * AT, code }];
      expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
      expect(harness.reports).toMatchObject([{ events: 6, deadLetters: 1, toOffset: 10 * AT }]);
      expect(await harness.balances()).toEqual({ abc: '6' });
      expect(await harness.checkpoints()).toMatchObject([{ offset: 10 * AT, events: 6 }]);
      expect(await harness.deadLetters()).toEqual([
        {
          offset: String(3 * AT),
          length: String(4 * AT),
          bytes: Buffer.from(line.repeat(4)),
          code,
          message: 'damaged by the test',
          state: 'open',
        },
      ]);
    },
  );

  test('at the start and at the end of the log, and goes on when more comes', async () => {
    const sound = await harness.openLogWith(line.repeat(10));
    const log = new DamagedReader(sound);
    log.damage = [
      { from: 0, to: AT },
      { from: 8 * AT, to: 10 * AT },
    ];
    const processor = harness.processor(log);
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    await append(sound, ['later', 5]);
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '7', later: '5' });
    expect(await harness.deadLetters()).toHaveLength(2);
  });

  test('from the middle of it on, where the first half was loaded while it was sound', async () => {
    const log = await openDamaged(10);
    const bounds = { usersMax: 1, readMsMax: 60_000 };
    const half = new DamagedReader(log);
    half.damage = [{ from: 5 * AT, to: 10 * AT }];
    const stop = new AbortController();
    const onLoad = (): void => {
      stop.abort();
    };
    await harness.processor(half, { bounds, stop: stop.signal, onLoad }).runOnce();
    expect(await harness.checkpoints()).toMatchObject([{ offset: 5 * AT }]);
    log.damage = [{ from: 0, to: 8 * AT }];
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '7' });
    expect(await harness.deadLetters()).toMatchObject([
      { offset: String(5 * AT), length: String(3 * AT) },
    ]);
  });

  test('in bounded batches, however much is damaged', async () => {
    const block = line.repeat(1_000);
    const blocks = 100;
    const log = new DamagedReader(await harness.openLogWith(block.repeat(blocks)));
    log.damage = Array.from({ length: blocks - 1 }, (_, index) => ({
      from: index * block.length,
      to: (index + 1) * block.length,
    }));
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(harness.reports.length).toBeGreaterThan(2);
    // 64 KiB of each are kept, and 2 MiB of them all at a time.
    for (const { deadLetters } of harness.reports) expect(deadLetters).toBeLessThan(32 + 4);
    expect(await harness.deadLetters()).toHaveLength(blocks - 1);
    expect(await harness.balances()).toEqual({ abc: '1000' });
  });

  test('anew when the log is loaded from its start into tables that were emptied', async () => {
    const log = await openDamaged(10);
    log.damage = [
      { from: AT, to: 3 * AT },
      { from: 5 * AT, to: 6 * AT },
    ];
    await harness.processor(log).runOnce();
    await harness.dataSource.query('truncate users_revenue, load_checkpoint');
    log.damage = [{ from: 5 * AT, to: 7 * AT }];
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '8' });
    expect(await harness.deadLetters()).toMatchObject([
      { offset: String(5 * AT), length: String(2 * AT), state: 'open' },
    ]);
  });
});
