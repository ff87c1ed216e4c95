import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import type { Checkpoint } from '../../../src/processor/checkpoint.js';
import { readCheckpoint } from '../../../src/processor/read-checkpoint.js';
import { storeCheckpoint, type StoredCheckpoint } from '../../../src/processor/store-checkpoint.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { LoadHarness } from './load-harness.js';

const LOG = '11111111-1111-4111-8111-111111111111';

const at = (offset: number, fingerprint: string, events = offset): Checkpoint => ({
  offset: toOffset(offset),
  fingerprint,
  timestamp: offset === 0 ? null : 1_763_800_000_000 + events,
  events,
});

const START = at(0, '');
const BEYOND_32_BITS = at(2 ** 40 + 17, 'beyond', 2 ** 33);

describe('the checkpoint moves by compare-and-set', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const move = (from: Checkpoint, to: Checkpoint, manager = harness.dataSource.manager) =>
    storeCheckpoint(manager, { logId: LOG, from, to, events: to.events - from.events });
  const stored = () => readCheckpoint(harness.dataSource.manager, LOG);

  test('is the start of the log before the first load', async () => {
    expect(await stored()).toEqual(START);
  });

  test('moves from the start, and then from where it is, beyond 32 bits', async () => {
    expect(await move(START, at(10, 'ten'))).toEqual({ kind: 'moved', events: 10 });
    expect(await stored()).toEqual(at(10, 'ten'));
    expect(await move(at(10, 'ten'), BEYOND_32_BITS)).toEqual({ kind: 'moved', events: 2 ** 33 });
    expect(await stored()).toEqual(BEYOND_32_BITS);
  });

  test.each([
    ['the start', START],
    ['another offset', at(11, 'ten')],
    ['another record before the same offset', at(10, 'other')],
  ])('does not move from %s when it is elsewhere', async (_what, from) => {
    await move(START, at(10, 'ten'));
    expect(await move(from, at(20, 'twenty'))).toEqual({ kind: 'mismatch' });
    expect(await stored()).toEqual(at(10, 'ten'));
  });

  test('does not move from an offset when the database knows nothing of the log', async () => {
    expect(await move(at(10, 'ten'), at(20, 'twenty'))).toEqual({ kind: 'mismatch' });
    expect(await harness.checkpoints()).toEqual([]);
  });

  test('moves from a row that says the start of the log', async () => {
    await harness.dataSource.query(
      `insert into load_checkpoint values ($1, 0, '', null, 0, now())`,
      [LOG],
    );
    expect(await move(START, at(10, 'ten'))).toMatchObject({ kind: 'moved' });
    expect(await stored()).toEqual(at(10, 'ten'));
  });

  test('adds to the events, so that a reload within a load keeps its own', async () => {
    await move(START, at(10, 'ten'));
    await harness.dataSource.query('update load_checkpoint set events = events + 7');
    expect(await move(at(10, 'ten'), at(20, 'twenty'))).toEqual({ kind: 'moved', events: 27 });
    expect(await stored()).toMatchObject({ offset: 20, events: 27 });
  });

  test('keeps the checkpoints of other logs apart', async () => {
    const other = LOG.replaceAll('1', '2');
    await move(START, at(10, 'ten'));
    await storeCheckpoint(harness.dataSource.manager, {
      logId: other,
      from: START,
      to: at(5, 'x'),
      events: 5,
    });
    expect(await stored()).toEqual(at(10, 'ten'));
  });

  test.each([
    ['first', START],
    ['later', at(10, 'ten')],
  ])('lets the second of two %s moves wait, then mismatch', async (_which, from) => {
    if (from.offset > 0) await move(START, from);
    expect(await race(from, 'commit')).toEqual(['moved', 'mismatch']);
    expect(await stored()).toEqual(at(20, 'winner'));
  });

  test.each([
    ['first', START],
    ['later', at(10, 'ten')],
  ])('lets the second of two %s moves go when the other rolls back', async (_which, from) => {
    if (from.offset > 0) await move(START, from);
    expect(await race(from, 'rollback')).toEqual(['moved', 'moved']);
    expect(await stored()).toEqual(at(30, 'second'));
  });

  /** Two transactions from the same place; the second one asks before the first one ends. */
  async function race(
    from: Checkpoint,
    end: 'commit' | 'rollback',
  ): Promise<StoredCheckpoint['kind'][]> {
    const runner = harness.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const first = await move(from, at(20, 'winner'), runner.manager);
      const second = harness.dataSource.transaction((manager: EntityManager) =>
        move(from, at(30, 'second'), manager),
      );
      await harness.untilBlocked(1);
      await (end === 'commit' ? runner.commitTransaction() : runner.rollbackTransaction());
      return [first.kind, (await second).kind];
    } finally {
      await runner.release();
    }
  }
});
