import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeEvent } from './event-codec.js';
import { VALUE_MAX } from './event.js';

const decodeWith = (value: unknown): string => {
  const decoded = decodeEvent({ userId: 'u', name: 'add_revenue', value });
  return decoded.kind === 'event' ? 'event' : decoded.code;
};
/** Through JSON text, as every value comes. */
const decodeValue = (literal: string): string => decodeWith(JSON.parse(literal));

describe('a value', () => {
  it.each([
    ...['0', '0.0', '0e5', '0.1', '1.5', '1e2', '432', '0.000001', '1e-6', '999999999999999'],
    ...['123456789.123456', '99999999999999.1', '999999999.999999', '1.000000000000000000'],
    '0.1000000000000000055511151231257827', // the double is 0.1
  ])('may be %s', (literal) => expect(decodeValue(literal)).toBe('event'));

  it.each([
    ['VALUE_NEGATIVE', '-5'],
    ['VALUE_NEGATIVE', '-0'],
    ['VALUE_NEGATIVE', '-0.0'],
    ['VALUE_NEGATIVE', '-1e400'],
    ['VALUE_NEGATIVE', '-1e-400'],
    ['VALUE_TOO_LARGE', '1e400'],
    ['VALUE_TOO_LARGE', '1e15'],
    ['VALUE_TOO_LARGE', '999999999999999.5'],
    ['VALUE_TOO_LARGE', '9007199254740993'],
    ['VALUE_TOO_PRECISE', '1e-7'],
    ['VALUE_TOO_PRECISE', '5e-324'],
    ['VALUE_TOO_PRECISE', '0.0000001'],
    ['VALUE_TOO_PRECISE', '1.0000001'],
    ['VALUE_TOO_PRECISE', '0.1234567'],
    ['VALUE_TOO_PRECISE', '0.30000000000000004'],
    ['VALUE_TOO_PRECISE', '1234567890.123456'],
    ['VALUE_TOO_PRECISE', '123456789012345.6'],
    ['VALUE_NOT_A_NUMBER', '"432"'],
    ['VALUE_NOT_A_NUMBER', '""'],
    ['VALUE_NOT_A_NUMBER', 'null'],
    ['VALUE_NOT_A_NUMBER', 'true'],
    ['VALUE_NOT_A_NUMBER', '[432]'],
    ['VALUE_NOT_A_NUMBER', '{"valueOf":1}'],
  ])('is refused with %s: %s', (code, literal) => expect(decodeValue(literal)).toBe(code));

  it('is refused when it is missing, or no number of JSON', () => {
    expect(decodeWith(undefined)).toBe('VALUE_MISSING');
    expect(decodeWith(NaN)).toBe('VALUE_NOT_A_NUMBER');
    expect(decodeWith(5n)).toBe('VALUE_NOT_A_NUMBER');
  });

  it('is taken exactly when its double survives 15 significant digits and 6 decimals', () => {
    const near = fc
      .tuple(fc.bigInt(0n, 10n ** 17n), fc.integer({ min: 0, max: 10 }))
      .map(([digits, decimals]) => Number(`${digits}e-${decimals}`));
    const any = fc.double({ min: 0, max: VALUE_MAX, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(near, any), (value) => {
        fc.pre(value <= VALUE_MAX && !Object.is(value, -0));
        const survives =
          Number(value.toPrecision(15)) === value && Number(value.toFixed(6)) === value;
        expect(decodeWith(value)).toBe(survives ? 'event' : 'VALUE_TOO_PRECISE');
      }),
      { numRuns: 5_000 },
    );
  });
});
