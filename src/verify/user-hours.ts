import type { EntityManager } from 'typeorm';
import type { HourSums } from './hour-sums.js';
import type { SortedSums } from './user-sum.js';
import type { UserSums } from './user-sums.js';

const SECONDS_PER_HOUR = 3_600;
const HOURS_PER_DAY = 24;

/**
 * Which revenue of users over time can be recomputed, and how. Whole hours since 1970; what begins before `from` is left
 * out: a share tells nothing of it, or loads went on without it. Before `daysBefore` hours are parts of their days,
 * since there late events make hours again of days that were rolled up.
 */
export interface UserHoursRange {
  readonly from: number;
  readonly daysBefore: number;
}

/** What the logs say of users by hour, in a range. */
export interface UserHours extends UserHoursRange {
  /** By `placeKey`. */
  readonly sums: SortedSums;
}

/**
 * `known`: as much as the table is to have. `all`: whatever its loads were, so that the past can be filled in.
 */
export type UserHoursAsked = 'known' | 'all';

interface Row {
  readonly is_behind: boolean;
  readonly known_from: string | null;
  readonly days_before: string | null;
}

/** @param shares their hours; @returns null where nothing can be said of any hour. */
export async function findUserHoursRange(
  manager: EntityManager,
  asked: UserHoursAsked,
  shares: readonly HourSums[],
): Promise<UserHoursRange | null> {
  const rows: Row[] = await manager.query(
    `select coalesce(bool_or(s."offset" is distinct from c."offset"), false) as is_behind,
            extract(epoch from nullif(max(s.known_from), '-infinity'))::bigint as known_from,
            (select extract(epoch from max(start) + interval '24 hours')::bigint
               from user_revenue_history where bucket = 'day') as days_before
       from load_checkpoint c left join user_history_state s using (log_id)`,
  );
  const [row] = rows;
  if (row === undefined || (asked === 'known' && row.is_behind)) return null;
  const daysBefore = Math.ceil(Number(row.days_before ?? 0) / SECONDS_PER_HOUR);
  let from = asked === 'all' ? 0 : Number(row.known_from ?? 0) / SECONDS_PER_HOUR;
  for (const share of shares) {
    for (const hour of share.keys()) from = Math.max(from, hour + 1);
  }
  // Of a day, what is before is not known apart.
  if (from < daysBefore) from = Math.ceil(from / HOURS_PER_DAY) * HOURS_PER_DAY;
  return { from, daysBefore };
}

/** NUL is in no user id, so keys are in the order of users, then of time. */
const SEPARATOR = '\0';
const PLACE_DIGITS = 20;

/** @param place microseconds since 1970, as so many digits */
export const placeKey = (userId: string, place: string): string => userId + SEPARATOR + place;

export function parsePlaceKey(key: string): { readonly userId: string; readonly place: string } {
  const end = key.lastIndexOf(SEPARATOR);
  return { userId: key.slice(0, end), place: key.slice(end + 1) };
}

export const placeOfHour = (hour: number): string =>
  `${hour * SECONDS_PER_HOUR}000000`.padStart(PLACE_DIGITS, '0');

/** The place of a row, in SQL: a day's start, or the row's own. One that begins anywhere is a place of its own. */
export const placeOfRow = ({ daysBefore }: UserHoursRange): string =>
  `to_char(extract(epoch from case
     when start < to_timestamp(${daysBefore * SECONDS_PER_HOUR}) and start = date_trunc('hour', start, 'UTC')
     then date_trunc('day', start, 'UTC') else start end) * 1000000, 'FM${'0'.repeat(PLACE_DIGITS)}')`;

/** Adds amounts by user and hour, as far as they are in a range. */
export class UserHourSums {
  /** An hour is the same for many events. */
  private readonly places = new Map<number, string>();

  constructor(
    readonly sums: UserSums,
    readonly range: UserHoursRange,
  ) {}

  /** @param hour since 1970 */
  add(userId: string, hour: number, amount: bigint): void {
    if (hour < this.range.from) return;
    this.sums.add(placeKey(userId, this.placeOf(hour)), amount);
  }

  private placeOf(hour: number): string {
    let place = this.places.get(hour);
    if (place === undefined) {
      const isDay = hour < this.range.daysBefore;
      place = placeOfHour(isDay ? hour - (hour % HOURS_PER_DAY) : hour);
      this.places.set(hour, place);
    }
    return place;
  }
}
