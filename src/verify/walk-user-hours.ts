import type { EntityManager } from 'typeorm';
import { isoInstant } from '../shared/iso-instant.js';
import { toDecimal } from './decimal-millionths.js';
import { parsePlaceKey, placeKey, placeOfHour, placeOfRow, type UserHours } from './user-hours.js';
import { walkRows, type Mismatch, type TableRow } from './walk-table.js';

/** Revenue of a user in an hour, or in a day that was rolled up, that is not what the log says; null where one has none. */
export interface UserHistoryDifference {
  readonly userId: string;
  /** Its start, ISO 8601, UTC. */
  readonly from: string;
  readonly inLog: string | null;
  readonly inTable: string | null;
}

export interface UserHistoryComparison {
  /** ISO 8601: what is before was not compared; null: all was. */
  readonly from: string | null;
  /** Hours of users, and days, with an event. */
  readonly hours: number;
  /** The first 100, in the order of users and time. */
  readonly differences: readonly UserHistoryDifference[];
  readonly differencesTotal: number;
}

const DIFFERENCES_MAX = 100;
const PAGE_ROWS = 10_000;
const MS_PER_HOUR = 3_600_000;
const SECONDS_PER_HOUR = 3_600;

/** Compares revenue over time by user with the table, exactly, in both directions. */
export async function compareUserHours(
  manager: EntityManager,
  hours: UserHours,
): Promise<UserHistoryComparison> {
  const differences: UserHistoryDifference[] = [];
  let differencesTotal = 0;
  const count = await walkRows(rowsOf(manager, hours), hours.sums, (mismatches) => {
    differencesTotal += mismatches.length;
    const told = mismatches.slice(0, DIFFERENCES_MAX - differences.length);
    differences.push(...told.map(toDifference));
  });
  const from = hours.from === 0 ? null : isoInstant(hours.from * MS_PER_HOUR);
  return { from, hours: count, differences, differencesTotal };
}

function toDifference({ userId: key, sum, inTable }: Mismatch): UserHistoryDifference {
  const { userId, place } = parsePlaceKey(key);
  const from = isoInstant(Number(place) / 1_000);
  return { userId, from, inLog: sum === null ? null : toDecimal(sum), inTable };
}

/**
 * Makes revenue over time by user what the logs say, inside the transaction of `manager`. A day that was rolled up stays so,
 * and the hours of one that differs become part of it.
 * @returns how many hours and days of users were put right.
 */
export async function correctUserHours(manager: EntityManager, hours: UserHours): Promise<number> {
  let corrected = 0;
  await walkRows(rowsOf(manager, hours), hours.sums, async (mismatches) => {
    await correct(manager, hours, mismatches);
    corrected += mismatches.length;
  });
  return corrected;
}

async function correct(
  manager: EntityManager,
  hours: UserHours,
  mismatches: readonly Mismatch[],
): Promise<void> {
  const places = mismatches.map(({ userId: key }) => parsePlaceKey(key));
  const sums = mismatches.map(({ sum }) => (sum === null ? null : toDecimal(sum)));
  const columns = [places.map(({ userId }) => userId), places.map(({ place }) => place)];
  await remove(
    manager,
    hours,
    places.filter((_place, index) => mismatches[index]?.inTable !== null),
  );
  await manager.query(
    `insert into user_revenue_history (user_id, bucket, start, revenue)
     select user_id, case when place < $4 then 'day' else 'hour' end,
            timestamptz '1970-01-01T00:00:00Z' + place::bigint * interval '1 microsecond', revenue
       from unnest($1::text[], $2::text[], $3::numeric[]) as m(user_id, place, revenue)
      where revenue is not null`,
    [...columns, sums, placeOfHour(hours.daysBefore)],
  );
}

/** Of users from the first to the last of these only: the planner would read the whole table for each page of a rebuild. */
async function remove(
  manager: EntityManager,
  hours: UserHours,
  places: readonly { readonly userId: string; readonly place: string }[],
): Promise<void> {
  const [first, last] = [places[0]?.userId, places.at(-1)?.userId];
  if (first === undefined) return;
  await manager.query(
    `delete from user_revenue_history r using unnest($1::text[], $2::text[]) as m(user_id, place)
      where r.user_id between $3 and $4 and r.user_id = m.user_id and ${placeOfRow(hours)} = m.place`,
    [places.map(({ userId }) => userId), places.map(({ place }) => place), first, last],
  );
}

/**
 * Notes of each log that its loads up to its checkpoint are in the history from the first hour on that was recomputed. What
 * was known from an earlier one on, and still is, stays so.
 * @returns of how many logs that was not known.
 */
export async function noteRebuiltHistory(
  manager: EntityManager,
  { from }: UserHours,
): Promise<number> {
  const knownFrom = from === 0 ? -Infinity : from * SECONDS_PER_HOUR;
  const rows: unknown[] = await manager.query(
    `insert into user_history_state as s (log_id, "offset", known_from)
     select log_id, "offset", to_timestamp($1) from load_checkpoint order by log_id
     on conflict (log_id) do update set "offset" = excluded."offset", known_from = excluded.known_from
      where s."offset" <> excluded."offset" or s.known_from > excluded.known_from
     returning log_id`,
    [knownFrom],
  );
  return rows.length;
}

/** By a cursor: sorted once, and as it was when that began, whatever is corrected meanwhile. */
async function* rowsOf(manager: EntityManager, hours: UserHours): AsyncGenerator<TableRow> {
  await manager.query(
    `declare user_hours no scroll cursor for
     select user_id, place, trim_scale(sum(revenue))::text as revenue
       from (select user_id, ${placeOfRow(hours)} as place, revenue from user_revenue_history
              where start >= to_timestamp(${hours.from * 3_600})) as places
      group by user_id, place order by user_id, place collate "C"`,
  );
  for (;;) {
    const rows: { user_id: string; place: string; revenue: string }[] = await manager.query(
      `fetch ${PAGE_ROWS} from user_hours`,
    );
    for (const { user_id: userId, place, revenue } of rows) {
      yield { key: placeKey(userId, place), revenue };
    }
    if (rows.length < PAGE_ROWS) break;
  }
  await manager.query('close user_hours');
}
