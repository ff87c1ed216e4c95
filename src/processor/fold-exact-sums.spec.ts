import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ExactSums } from './fold-exact-sums.js';

/** Values that an event may have, as their decimal text and the millionths that it says. */
const amount = fc
  .tuple(fc.bigInt(0n, 999_999_999_999_999n), fc.integer({ min: 0, max: 6 }), fc.boolean())
  .map(([digits, decimals, adds]) => {
    const text = digits.toString().padStart(decimals + 1, '0');
    const at = text.length - decimals;
    const value = Number(decimals === 0 ? text : `${text.slice(0, at)}.${text.slice(at)}`);
    const micros = digits * 10n ** BigInt(6 - decimals);
    return { value, sign: adds ? (1 as const) : (-1 as const), micros: adds ? micros : -micros };
  });

const sumOf = (sums: ExactSums): string[] => Array.from(sums.decimals(), ({ delta }) => delta);

function micros(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.padEnd(6, '0'));
  return decimal.startsWith('-') ? -magnitude : magnitude;
}

describe('exact sums', () => {
  test('equal those of big integers, whatever is added and subtracted in whatever order', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 60 }), (amounts) => {
        const sums = new ExactSums();
        for (const { value, sign } of amounts) sums.add('u', sign, value);
        const expected = amounts.reduce((sum, each) => sum + each.micros, 0n);
        expect(sumOf(sums).map(micros)).toEqual([expected]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('stay exact beyond the safe integers, upwards and downwards', () => {
    for (const sign of [1, -1] as const) {
      const sums = new ExactSums();
      for (let i = 0; i < 10_000; i++) sums.add('u', sign, 999_999_999_999_999);
      sums.add('u', sign, 0.000001);
      expect(sumOf(sums)).toEqual([`${sign === 1 ? '' : '-'}9999999999999990000.000001`]);
    }
  });

  test('carry millionths into whole units without a rest, also across zero', () => {
    const sums = new ExactSums();
    for (let i = 0; i < 100_000; i++) sums.add('u', 1, 0.999999);
    for (let i = 0; i < 100_000; i++) sums.add('u', -1, 0.999999);
    sums.add('u', -1, 0.000001);
    expect(sumOf(sums)).toEqual(['-0.000001']);
  });

  test('keep users apart, more than fit at first, and in the order of appearance', () => {
    const sums = new ExactSums();
    for (let round = 0; round < 2; round++) {
      for (let user = 0; user < 5_000; user++) sums.add(`user-${user}`, 1, user + 0.5);
    }
    const found = Array.from(sums.decimals());
    expect(found).toHaveLength(5_000);
    expect(found[4_999]).toEqual({ userId: 'user-4999', delta: '9999' });
    expect(found.map(({ userId }) => userId)).toEqual(
      Array.from({ length: 5_000 }, (_, user) => `user-${user}`),
    );
  });
});
