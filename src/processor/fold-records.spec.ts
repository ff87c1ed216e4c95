import { describe, expect, test } from '@jest/globals';
import { Fold } from './fold-records.js';

const line = (userId: string, value: number, timestamp = 1): string => {
  const name = value < 0 || Object.is(value, -0) ? 'subtract_revenue' : 'add_revenue';
  return `${JSON.stringify({ timestamp, id: 'i', userId, name, value: Math.abs(value) })}\n`;
};

describe('the fold reduces records to one delta per user', () => {
  test('adds and subtracts, each user by itself', () => {
    const fold = new Fold();
    const text = [line('a', 0.1), line('b', -1), line('a', 0.2)];
    expect(fold.add(Buffer.from(text.join(''))).unusable).toEqual([]);
    expect(fold.deltas()).toEqual([
      { userId: 'a', delta: '0.3' },
      { userId: 'b', delta: '-1' },
    ]);
    expect([fold.users, fold.events]).toEqual([2, 3]);
  });

  test('goes on over several pieces', () => {
    const fold = new Fold();
    for (let i = 0; i < 3; i++) fold.add(Buffer.from(line('a', 999_999_999_999_999)));
    expect(fold.deltas()).toEqual([{ userId: 'a', delta: '2999999999999997' }]);
  });

  test('keeps the timestamp of the last event in the order of the log, even an earlier one', () => {
    const fold = new Fold();
    expect(fold.lastTimestamp).toBeNull();
    fold.add(Buffer.from(line('a', 1, 500) + line('a', 1, 300)));
    expect(fold.lastTimestamp).toBe(300);
  });

  test('says where the unusable lie, and counts them neither as events nor as users', () => {
    const fold = new Fold();
    const good = line('a', 1);
    const { unusable } = fold.add(Buffer.from(`x\n${good}\nyy\n${good}`));
    expect(unusable.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2 + good.length, 3 + good.length],
      [3 + good.length, 6 + good.length],
    ]);
    expect([fold.users, fold.events]).toEqual([1, 2]);
  });

  test('ends behind the last unusable record that it may answer with', () => {
    const fold = new Fold();
    const good = line('a', 1);
    const bytes = Buffer.from(`${good}x\n${good}y\nz\n${good}`);
    const { unusable, end } = fold.add(bytes, 2);
    expect(unusable).toHaveLength(2);
    expect(bytes.toString('utf8', end)).toBe(`z\n${good}`);
    expect(fold.add(bytes.subarray(end), 2)).toMatchObject({ end: bytes.length - end });
    expect(fold.events).toBe(3);
  });

  test('gives a user with an amount of 0 a delta', () => {
    const fold = new Fold();
    fold.add(Buffer.from(line('a', -0)));
    expect(fold.deltas()).toEqual([{ userId: 'a', delta: '0' }]);
  });

  test('of nothing is nothing', () => {
    const fold = new Fold();
    expect(fold.add(Buffer.alloc(0))).toEqual({ unusable: [], end: 0 });
    expect(fold.deltas()).toEqual([]);
  });
});
