import type { RevenueEvent } from './event.js';

/** Millionths: the smallest unit that an event's value can have. */
const MICROS_PER_UNIT = 1_000_000n;

/**
 * The signed amount of an event in millionths, exact. Goes by the shortest decimal of the value, as
 * the codec does, never by floating-point arithmetic: 0.1 is 100000 millionths.
 */
export function eventMicros({ name, value }: RevenueEvent): bigint {
  const micros = Number.isInteger(value) ? BigInt(value) * MICROS_PER_UNIT : fractionMicros(value);
  return name === 'add_revenue' ? micros : -micros;
}

function fractionMicros(value: number): bigint {
  const [whole = '0', decimals = ''] = String(value).split('.');
  return BigInt(whole + decimals.padEnd(6, '0'));
}

/** Millionths as a decimal that PostgreSQL reads as NUMERIC, without trailing zeros. */
export function microsToDecimal(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  const decimals = digits.slice(-6).replace(/0+$/, '');
  const sign = micros < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -6)}${decimals === '' ? '' : `.${decimals}`}`;
}
