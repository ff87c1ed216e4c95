import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fractionMicros, microsToDecimal } from './amount.js';
import { decodeEvent } from './event-codec.js';

/** As a sum takes a value apart. */
const micros = (value: number): bigint =>
  BigInt(Math.trunc(value)) * 1_000_000n + BigInt(fractionMicros(value));

/** Digits of a decimal text, by text alone: no arithmetic of ours, no floating point. */
function digitsInMillionths(text: string): bigint {
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(`${whole}${`${decimals}000000`.slice(0, 6)}`);
}

/** Texts of all amounts an event may have: at most 15 significant digits, at most 6 decimals. */
const amountText = fc
  .tuple(fc.bigInt(0n, 999_999_999_999_999n), fc.integer({ min: 0, max: 6 }))
  .map(([digits, decimals]) => {
    const padded = digits.toString().padStart(decimals + 1, '0');
    const at = padded.length - decimals;
    return decimals === 0 ? padded : `${padded.slice(0, at)}.${padded.slice(at)}`;
  });

describe('the amount of an event', () => {
  it.each([
    [0, 0n],
    [0.1, 100_000n],
    [1.5, 1_500_000n],
    [0.000001, 1n],
    [1.000001, 1_000_001n],
    [432, 432_000_000n],
    [999_999_999_999_999, 999_999_999_999_999_000_000n],
    [123_456_789.123456, 123_456_789_123_456n],
    [99_999_999_999_999.1, 99_999_999_999_999_100_000n],
  ])('of %d is exact', (value, expected) => {
    expect(micros(value)).toBe(expected);
  });

  it('is what its text says, for every amount that may be sent', () => {
    fc.assert(
      fc.property(amountText, (text) => {
        const value = Number(text);
        const decoded = decodeEvent({ userId: 'u', name: 'add_revenue', value });
        expect(decoded.kind).toBe('event');
        expect(micros(value)).toBe(digitsInMillionths(text));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('millionths as a decimal', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000001'],
    [-1n, '-0.000001'],
    [100_000n, '0.1'],
    [-1_000_000n, '-1'],
    [10_000_000n, '10'],
    [1_500_000n, '1.5'],
    [-150_000_010n, '-150.00001'],
    [10n ** 40n, `1${'0'.repeat(34)}`],
  ])('%d is %s', (amount, text) => expect(microsToDecimal(amount)).toBe(text));

  it('say the same amount again, without trailing zeros, however large a sum is', () => {
    const limit = 10n ** 40n;
    fc.assert(
      fc.property(fc.bigInt(-limit, limit), (amount) => {
        const text = microsToDecimal(amount);
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d{0,5}[1-9])?$/);
        const magnitude = digitsInMillionths(text.replace('-', ''));
        expect(text.startsWith('-') ? -magnitude : magnitude).toBe(amount);
      }),
      { numRuns: 2_000 },
    );
  });

  it('add up without an error where floating point has one', () => {
    let sum = 0n;
    for (let count = 0; count < 10_000; count += 1) sum += micros(0.1);
    expect(microsToDecimal(sum)).toBe('1000');
    expect(microsToDecimal(sum - micros(0.3))).toBe('999.7');
  });
});
