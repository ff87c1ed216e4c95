const LAST_DATE_MS = 8_640_000_000_000_000;
/** The calendar repeats itself after 400 years; 30 times so many lead from any safe integer to what a Date can be. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;
const CYCLES = 30;

/**
 * ISO 8601, UTC, with milliseconds; years beyond 9999 have a sign and six digits.
 * @param ms since 1970: any timestamp that a record may have, so also one behind the last that a Date can be
 */
export function isoInstant(ms: number): string {
  if (ms <= LAST_DATE_MS) return new Date(ms).toISOString();
  const earlier = new Date(ms - CYCLES * CYCLE_MS);
  const year = earlier.getUTCFullYear() + CYCLES * CYCLE_YEARS;
  return `+${year}${earlier.toISOString().slice('+000000'.length)}`;
}
