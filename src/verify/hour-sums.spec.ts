import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hourOf, hourTexts, mergeHours, parseHours } from './hour-sums.js';

const anyHours = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 2_501_999_792 }),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
    ),
  )
  .map((entries) => new Map(entries));

describe('the hour of a timestamp', () => {
  test('is what BigInt says, at the very borders of hours too', () => {
    const aroundBorder = fc
      .tuple(fc.integer({ min: 1, max: 2_501_999_792 }), fc.integer({ min: -2, max: 2 }))
      .map(([hour, ms]) => hour * 3_600_000 + ms);
    const anyTimestamp = fc.oneof(
      aroundBorder,
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    );
    fc.assert(
      fc.property(anyTimestamp, (timestamp) => {
        expect(hourOf(timestamp)).toBe(Number(BigInt(timestamp) / 3_600_000n));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('sums of hours', () => {
  test('are the same after they were text', () => {
    fc.assert(
      fc.property(anyHours, (sums) => {
        expect(parseHours(JSON.parse(JSON.stringify(hourTexts(sums))))).toEqual(sums);
      }),
    );
  });

  test('are texts in the order of time, and decimals', () => {
    const sums = new Map([
      [1_000, 9_007_199_254_740_993_000_001n],
      [999, -1n],
      [2, 0n],
    ]);
    expect(hourTexts(sums)).toEqual([
      ['2', '0'],
      ['999', '-0.000001'],
      ['1000', '9007199254740993.000001'],
    ]);
  });

  test('add up hour by hour, and leave what they were made of as it is', () => {
    const a = new Map([
      [1, 1n],
      [2, -5n],
    ]);
    const b = new Map([
      [2, 5n],
      [3, 2n ** 70n],
    ]);
    const merged = [
      [1, 1n],
      [2, 0n],
      [3, 2n ** 70n],
    ];
    expect(Array.from(mergeHours([a, b]))).toEqual(merged);
    expect([a.size, a.get(2), b.size]).toEqual([2, -5n, 2]);
    expect(mergeHours([]).size).toBe(0);
  });
});
