import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import {
  readResubmitted,
  resolveCorrections,
  storeDeadLetters,
  type NewCorrection,
} from '../../../src/dead-letters/dead-letters.port.js';
import { LoadHarness } from '../processor/load-harness.js';

const [A, B, C] = [1, 2, 3].map((digit) =>
  '11111111-1111-4111-8111-111111111111'.replaceAll('1', String(digit)),
) as [string, string, string];

let harness: LoadHarness;
let manager: EntityManager;
beforeAll(async () => void (harness = await LoadHarness.create()));
beforeEach(async () => {
  await harness.reset();
  ({ manager } = harness.dataSource);
});
afterAll(() => harness.remove());

/** Of the record at `offset`, for the dead letter at 7 of log A unless told otherwise. */
const correction = (offset: number, place = 7, event = `event ${offset}`): NewCorrection => ({
  deadLetter: { logId: A, offset: place },
  offset,
  event,
});
const resolve = async (logId: string, ...corrections: NewCorrection[]): Promise<number[]> =>
  [...(await resolveCorrections(manager, logId, corrections))].sort((a, b) => a - b);
const resubmitted = async (logId: string): Promise<number[]> =>
  [...(await readResubmitted(manager, logId))].sort((a, b) => a - b);
const rows = (): Promise<Record<string, unknown>[]> =>
  manager.query(
    `select "offset"::int, event, loaded_log_id, loaded_offset::int from resubmissions
      order by log_id, "offset"`,
  );
const storeLetter = (offset = 7, code = 'INVALID_JSON'): Promise<void> =>
  storeDeadLetters(manager, A, [
    { offset, length: 1, bytes: Buffer.from('x'), code, message: 'why' },
  ]);
const states = async (): Promise<string[]> =>
  (await harness.deadLetters()).map(({ offset, state }) => `${offset} ${state}`);
const claim = (offset = 7): Promise<unknown> =>
  manager.query(
    `insert into resubmissions (log_id, "offset", event, claimed_by) values ($1, $2, 'claimed', $1)`,
    [A, offset],
  );

describe('the correction that counts', () => {
  test('is the first one that is loaded, and the same one each time', async () => {
    await storeLetter();
    expect(await resolve(A, correction(100))).toEqual([100]);
    expect(await resolve(A, correction(200))).toEqual([]);
    expect(await resolve(B, correction(100))).toEqual([]);
    expect(await resolve(A, correction(100))).toEqual([100]);
    expect(await rows()).toEqual([
      { offset: 7, event: 'event 100', loaded_log_id: A, loaded_offset: 100 },
    ]);
    expect([await resubmitted(A), await resubmitted(B)]).toEqual([[100], []]);
    expect(await states()).toEqual(['7 resolved']);
  });

  test('may be in any log, and is told for that log', async () => {
    expect(await resolve(B, correction(5))).toEqual([5]);
    expect([await resubmitted(A), await resubmitted(B)]).toEqual([[], [5]]);
  });

  test('is that with the lower offset of two in one batch, in whichever order they are given', async () => {
    expect(await resolve(B, correction(9), correction(8), correction(10))).toEqual([8]);
    expect(await resolve(C, correction(3, 1), correction(4, 1))).toEqual([3]);
  });

  test('stays the later one of a batch when that one was loaded first', async () => {
    // The earlier one was in a range that could not be read the first time.
    expect(await resolve(A, correction(200))).toEqual([200]);
    expect(await resolve(A, correction(100), correction(200), correction(300))).toEqual([200]);
    expect(await resubmitted(A)).toEqual([200]);
  });

  test('takes the claim of its dead letter, whatever was claimed', async () => {
    await storeLetter();
    await claim();
    expect(await resubmitted(A)).toEqual([]);
    expect(await resolve(B, correction(100))).toEqual([100]);
    const loaded = { offset: 7, event: 'event 100', loaded_log_id: B, loaded_offset: 100 };
    expect(await rows()).toEqual([loaded]);
    expect(await states()).toEqual(['7 resolved']);
  });

  test('is found for each of many dead letters in one call', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => correction(index * 10, index));
    expect(await resolve(B, correction(15, 1))).toEqual([15]);
    const counted = await resolve(A, ...many.reverse());
    expect(counted).toHaveLength(2_999);
    expect(counted).not.toContain(10);
  });

  test('is asked for by no statement when there is none', async () => {
    const nobody = { query: () => Promise.reject(new Error('asked')) };
    const asked = await resolveCorrections(nobody as unknown as EntityManager, A, []);
    expect(asked.size).toBe(0);
  });

  test('is not when its transaction is rolled back', async () => {
    await storeLetter();
    const gone = harness.dataSource.transaction(async (inner) => {
      expect((await resolveCorrections(inner, A, [correction(100)])).size).toBe(1);
      throw new Error('rolled back');
    });
    await expect(gone).rejects.toThrow('rolled back');
    expect([await rows(), await states()]).toEqual([[], ['7 open']]);
    expect(await resolve(B, correction(5))).toEqual([5]);
  });
});

describe('a dead letter', () => {
  test('that is found after its correction is resolved from the beginning', async () => {
    // Two logs, loaded again in another order after a reset of the database.
    await resolve(B, correction(100));
    await storeLetter();
    await storeLetter(8);
    expect(await states()).toEqual(['7 resolved', '8 open']);
  });

  test('that is found while its correction is on its way is claimed', async () => {
    await claim();
    await storeLetter();
    expect(await states()).toEqual(['7 claimed']);
  });

  test('is another log than that which has the same offset', async () => {
    await resolve(B, { ...correction(100), deadLetter: { logId: B, offset: 7 } });
    await storeLetter();
    expect(await states()).toEqual(['7 open']);
  });

  test('of a damaged range is never resolved by a correction of the record that stood there', async () => {
    await resolve(B, correction(100));
    await storeLetter(7, 'BLOCK_CORRUPT');
    expect(await states()).toEqual(['7 open']);
    await resolve(B, correction(100));
    expect(await states()).toEqual(['7 open']);
    // Reloaded once it is restored: then the record is there again.
    await manager.query(`update dead_letters set state = 'reloaded'`);
    await storeLetter();
    expect(await states()).toEqual(['7 resolved']);
  });
});

describe('two loads at the same time', () => {
  test('have one correction count, that of the one which commits', async () => {
    const [first, second] = [await harness.connect(), await harness.connect()];
    const runner = first.createQueryRunner();
    await runner.startTransaction();
    const counted = await resolveCorrections(runner.manager, A, [correction(100)]);
    const waiting = resolveCorrections(second.manager, B, [correction(5), correction(6, 8)]);
    await harness.untilBlocked(1);
    await runner.commitTransaction();
    await runner.release();
    expect([[...counted], [...(await waiting)]]).toEqual([[100], [6]]);
    expect([await resubmitted(A), await resubmitted(B)]).toEqual([[100], [6]]);
  });

  test('have the other one count when the first is rolled back', async () => {
    const [first, second] = [await harness.connect(), await harness.connect()];
    const runner = first.createQueryRunner();
    await runner.startTransaction();
    await resolveCorrections(runner.manager, A, [correction(100)]);
    const waiting = resolveCorrections(second.manager, B, [correction(5)]);
    await harness.untilBlocked(1);
    await runner.rollbackTransaction();
    await runner.release();
    expect([...(await waiting)]).toEqual([5]);
    expect([await resubmitted(A), await resubmitted(B)]).toEqual([[], [5]]);
  });

  test('wait for each other and do not deadlock, in whichever order their corrections come', async () => {
    const pools = [await harness.connect(), await harness.connect()];
    const places = Array.from({ length: 200 }, (_, place) => place);
    const counts = { [A]: 0, [B]: 0 };
    for (let round = 0; round < 20; round++) {
      const loads = [A, B].map(async (logId, index) => {
        const order = index === 0 ? places : [...places].reverse();
        const corrections = order.map((place) => correction(place, round * 1_000 + place));
        const counted = await pools[index]?.transaction((inner) =>
          resolveCorrections(inner, logId, corrections),
        );
        counts[logId] = (counts[logId] ?? 0) + (counted?.size ?? 0);
      });
      await Promise.all(loads);
    }
    expect((counts[A] ?? 0) + (counts[B] ?? 0)).toBe(20 * 200);
  });
});
