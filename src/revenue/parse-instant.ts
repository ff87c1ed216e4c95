/** What `parseInstant` takes, for the message of a refusal. */
export const INSTANT_FORMS =
  'a date like 2026-11-23 (00:00 UTC), or an instant like 2026-11-23T08:00:00Z or ' +
  '2026-11-23T13:30:00%2B05:30 (a + within a query is %2B), in the years 1 to 9998';

/** Even when widened to whole days, the years that ISO 8601 writes with four digits. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const END = Date.parse('9999-01-01T00:00:00Z');

const FORM =
  /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 instant, or of 00:00 UTC on a date; NaN for anything else. A time without `Z` or
 * an offset is none: Date.parse would take it for the time of whatever zone this process runs in. Nor is a
 * day that its month does not have, which Date.parse would take for one of the next month.
 */
export function parseInstant(value: unknown): number {
  const date = typeof value === 'string' ? FORM.exec(value)?.[1] : undefined;
  if (date === undefined || !isDay(date)) return NaN;
  const instant = Date.parse(value as string);
  return instant >= FIRST && instant < END ? instant : NaN;
}

function isDay(date: string): boolean {
  const parsed = new Date(date);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}
