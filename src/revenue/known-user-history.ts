import { Problem } from '../shared/http/problem.js';
import { isoInstant } from '../shared/iso-instant.js';

/** What is known of revenue over time by user, at the moment of a statement. */
export interface KnownRow {
  /** Whether a log was loaded without it since. */
  readonly is_behind: boolean;
  /** Seconds since 1970: from then on it has all; null: from the beginning. */
  readonly known_from: string | null;
}

/** One row, a `KnownRow`. */
export const USER_HISTORY_KNOWN = `
  select coalesce(bool_or(s."offset" is distinct from c."offset"), false) as is_behind,
         extract(epoch from nullif(max(s.known_from), '-infinity'))::bigint as known_from
    from load_checkpoint c left join user_history_state s using (log_id)`;

/**
 * From when on it is known, in milliseconds since 1970; -Infinity: from the beginning.
 * @param from the same: what has to be known
 * @throws Problem 409 when it is not
 */
export function requireKnown(row: KnownRow, from: number): number {
  if (row.is_behind) {
    const detail =
      'events were loaded while USER_HISTORY was off, so the revenue of users over time is not known: ' +
      'load every log with USER_HISTORY=true, then it is known from the next hour on; npm run rebuild fills in the past';
    throw unknown(detail, null);
  }
  const known = row.known_from === null ? -Infinity : Number(row.known_from) * 1_000;
  if (from >= known) return known;
  const detail = `the revenue of users over time is known from ${isoInstant(known)} on: ask from then on, or fill in the past by npm run rebuild`;
  throw unknown(detail, isoInstant(known));
}

const unknown = (detail: string, knownFrom: string | null): Problem =>
  new Problem({ status: 409, code: 'USER_HISTORY_UNKNOWN', detail, members: { knownFrom } });

export function userHistoryOff(): Problem {
  const detail =
    'the revenue of users over time is not kept: set USER_HISTORY=true and start again; ' +
    'it is known from then on, and npm run rebuild fills in the past';
  return new Problem({ status: 409, code: 'USER_HISTORY_OFF', detail });
}
