/**
 * A plain or exponent-free decimal, as JavaScript prints numbers from 1e-6 on and PostgreSQL prints
 * NUMERIC, in millionths; null when it has a finer part. Its own arithmetic on purpose: a fault in
 * the load's must not repeat itself here.
 */
export function millionths(decimal: string): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (match === null) return null;
  const [, sign = '', whole = '0', decimals = ''] = match;
  if (/[1-9]/.test(decimals.slice(6))) return null;
  const fraction = BigInt(decimals.slice(0, 6).padEnd(6, '0'));
  const amount = BigInt(whole) * 10n ** 6n + fraction;
  return sign === '-' ? -amount : amount;
}

/** Millionths as the shortest decimal. */
export function toDecimal(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = String(absolute % 10n ** 6n).padStart(6, '0');
  return `${sign}${absolute / 10n ** 6n}.${fraction}`.replace(/\.?0+$/, '');
}
