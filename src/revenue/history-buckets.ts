import { Problem } from '../shared/http/problem.js';
import { isoInstant } from '../shared/iso-instant.js';
import { BUCKET_MS, type HistoryRange } from './history-range.js';

/** What the events of one hour or day add up to. */
export interface RevenueBucket {
  /** ISO 8601: its start. */
  readonly from: string;
  /** An exact decimal without trailing zeros; 0 where there was no event. */
  readonly revenue: string;
}

/** All buckets of a range, in order. @param sums by how many buckets since 1970 */
export function bucketsOf(
  { bucket, from, to }: HistoryRange,
  sums: ReadonlyMap<number, string>,
): RevenueBucket[] {
  const step = BUCKET_MS[bucket];
  return Array.from({ length: (to - from) / step }, (_, index) => ({
    from: isoInstant(from + index * step),
    revenue: sums.get(from / step + index) ?? '0',
  }));
}

/** ISO 8601. @param seconds since 1970: its start, as PostgreSQL prints it */
export const endOfDay = (seconds: string | null): string | null =>
  seconds === null ? null : isoInstant(Number(seconds) * 1_000 + BUCKET_MS.day);

export function hoursRolledUp(rolledUpBefore: string): Problem {
  const detail =
    `hours before ${rolledUpBefore} were rolled up to days: ask by day (bucket=day), ` +
    `or for hours from then on`;
  return new Problem({
    status: 400,
    code: 'HOURS_ROLLED_UP',
    detail,
    members: { rolledUpBefore },
  });
}
