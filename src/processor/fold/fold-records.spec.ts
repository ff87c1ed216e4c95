import { describe, expect, test } from '@jest/globals';
import { addBytes, deltasOf } from '../../../test/support/fold-bytes.js';
import { Fold } from './fold-records.js';

const line = (userId: string, value: number, timestamp = 1): string => {
  const name = value < 0 || Object.is(value, -0) ? 'subtract_revenue' : 'add_revenue';
  return `${JSON.stringify({ timestamp, id: 'i', userId, name, value: Math.abs(value) })}\n`;
};
/** One that the scanner takes, and one that it leaves to the codec. */
const TIMES = [1_763_800_000_000, 1];

describe('the fold reduces records to one delta per user', () => {
  test.each(TIMES)('adds and subtracts, each user by itself (%i)', (time) => {
    const fold = new Fold();
    const text = [line('a', 0.1, time), line('b', -1, time), line('a', 0.2, time)].join('');
    expect(addBytes(fold, Buffer.from(text)).unusable).toEqual([]);
    expect([...deltasOf(fold)]).toEqual([
      ['a', '0.3'],
      ['b', '-1'],
    ]);
    expect([fold.users, fold.events]).toEqual([2, 3]);
  });

  test.each(TIMES)('goes on over several pieces (%i)', (time) => {
    const fold = new Fold();
    for (let i = 0; i < 3; i++) addBytes(fold, Buffer.from(line('a', 999_999_999_999_999, time)));
    expect(deltasOf(fold)).toEqual(new Map([['a', '2999999999999997']]));
  });

  test.each([
    [1_763_800_000_000, 500],
    [500, 1_763_800_000_000],
    [1_763_800_000_500, 1_763_800_000_300],
    [500, 300],
  ])('says the timestamp of the last event in the order of the log: %i, then %i', (one, other) => {
    const fold = new Fold();
    const bytes = Buffer.from(`${line('a', 1, one)}x\n${line('a', 1, other)}{}\n`);
    expect(addBytes(fold, bytes).lastTimestamp).toBe(other);
    expect(addBytes(fold, Buffer.from('x\n')).lastTimestamp).toBeNull();
  });

  test('says where the unusable lie, and counts them neither as events nor as users', () => {
    const fold = new Fold();
    const good = line('a', 1);
    const { unusable } = addBytes(fold, Buffer.from(`x\n${good}\nyy\n${good}`));
    expect(unusable.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2 + good.length, 3 + good.length],
      [3 + good.length, 6 + good.length],
    ]);
    expect([fold.users, fold.events]).toEqual([1, 2]);
  });

  test.each(TIMES)('ends behind the last record set aside that it may answer with (%i)', (time) => {
    const fold = new Fold();
    const good = line('a', 1, time);
    const bytes = Buffer.from(`${good}x\n${good}y\nz\n${good}`);
    const { unusable, end, lastTimestamp } = addBytes(fold, bytes, 2);
    expect(unusable).toHaveLength(2);
    expect(lastTimestamp).toBe(time);
    expect(bytes.toString('utf8', end)).toBe(`z\n${good}`);
    expect(addBytes(fold, bytes.subarray(end), 2)).toMatchObject({ end: bytes.length - end });
    expect(fold.events).toBe(3);
  });

  test('sets corrections aside, and adds none of them', () => {
    const fold = new Fold();
    const logId = '8c6f0a52-1d7e-4b39-9f0a-5e2c7d81b364';
    const good = line('a', 1, TIMES[0]);
    const correction = good.replace('"i"', `"dead-letter:${logId}:70"`);
    const { corrections, lastTimestamp } = addBytes(fold, Buffer.from(good + correction));
    expect(corrections).toMatchObject([
      { start: good.length, deadLetter: { logId, offset: 70 }, event: { userId: 'a', value: 1 } },
    ]);
    expect(lastTimestamp).toBe(TIMES[0]);
    expect([fold.events, deltasOf(fold).get('a')]).toEqual([1, '1']);
  });

  test.each(TIMES)('gives a user with an amount of 0 a delta (%i)', (time) => {
    const fold = new Fold();
    addBytes(fold, Buffer.from(line('a', -0, time)));
    expect(deltasOf(fold)).toEqual(new Map([['a', '0']]));
  });

  test('of nothing is nothing', () => {
    const fold = new Fold();
    expect(addBytes(fold, Buffer.alloc(0))).toEqual({
      ...{ unusable: [], corrections: [], end: 0, lastTimestamp: null },
    });
    expect(deltasOf(fold)).toEqual(new Map());
  });
});
