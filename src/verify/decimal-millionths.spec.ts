import { describe, expect, test } from '@jest/globals';
import { millionths } from './decimal-millionths.js';

describe('a decimal in millionths', () => {
  test.each([
    ['0', 0n],
    ['-0', 0n],
    ['0.000001', 1n],
    ['-0.000001', -1n],
    ['0.1', 100_000n],
    ['1.10', 1_100_000n],
    ['1.5000000000', 1_500_000n],
    ['999999999999999', 999_999_999_999_999_000_000n],
    ['123456789012345678901234567890.654321', 123456789012345678901234567890654321n],
  ])('reads %s', (decimal, amount) => {
    expect(millionths(decimal)).toBe(amount);
  });

  test.each(['', '.5', '1.', '1e3', '+1', ' 1', 'NaN', 'Infinity', '0.0000001', '1,5'])(
    'has none for "%s"',
    (decimal) => {
      expect(millionths(decimal)).toBeNull();
    },
  );
});
