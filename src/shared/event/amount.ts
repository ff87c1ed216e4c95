import { VALUE_DECIMALS_MAX, VALUE_SIGNIFICANT_DIGITS_MAX } from './event.js';

/** Powers of ten, by exponent. */
const TEN_TO = Array.from({ length: VALUE_SIGNIFICANT_DIGITS_MAX + 1 }, (_, power) => 10 ** power);

/**
 * The fraction of an event's value in millionths, 0 to 999999: exactly that of the shortest decimal,
 * by which the codec judged it, although it is computed in floating point. The value less its whole
 * part is exact; it differs from the decimal's fraction by at most half a unit in the last place of
 * the value, which at the number of decimals that 15 significant digits leave is under 0.12 of the
 * last decimal, so rounding to that many decimals meets it. 99999999999999.1 is 100000.
 */
export function fractionMicros(value: number): number {
  const whole = Math.trunc(value);
  if (whole === value) return 0;
  const decimals = decimalsBeside(whole);
  return Math.round((value - whole) * tenTo(decimals)) * tenTo(VALUE_DECIMALS_MAX - decimals);
}

/** How many decimals a value with this whole part may have. */
function decimalsBeside(whole: number): number {
  let digits = VALUE_SIGNIFICANT_DIGITS_MAX - VALUE_DECIMALS_MAX;
  while (whole >= tenTo(digits)) digits += 1;
  return VALUE_SIGNIFICANT_DIGITS_MAX - digits;
}

const tenTo = (power: number): number => TEN_TO[power] ?? 10 ** power;

/** Millionths as a decimal that PostgreSQL reads as NUMERIC, without trailing zeros. */
export function microsToDecimal(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  const decimals = digits.slice(-6).replace(/0+$/, '');
  const sign = micros < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -6)}${decimals === '' ? '' : `.${decimals}`}`;
}
