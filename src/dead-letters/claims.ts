import type { EntityManager } from 'typeorm';
import { IS_RANGE } from './quarantine.js';

/** A dead letter by its place, as the database tells it. */
interface Place {
  readonly logId: string;
  readonly offset: string;
}

/** Somebody's word that this event, and no other, is on its way for this dead letter. */
export interface Claim extends Place {
  /** The canonical text of the corrected event, without an id. */
  readonly event: string;
  /** The log that it is sent to. */
  readonly claimedBy: string;
}

/**
 * `claimed`: anew, or for the same event as before, which `isNew` tells apart. `resolved`: an event is loaded
 * already. `taken`: another event, this one, is on its way.
 */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly claimedAt: string; readonly isNew: boolean }
  | { readonly kind: 'resolved' }
  | { readonly kind: 'taken'; readonly event: string };

interface ClaimedRow {
  readonly claimed_at: string;
  readonly is_new: boolean;
}

/**
 * Claims a dead letter for an event; once more for the same event, which makes an older claim this one. In
 * one statement, and in the order of locks that a load has: the resubmission, then the dead letter.
 */
export async function claimDeadLetter(manager: EntityManager, claim: Claim): Promise<ClaimOutcome> {
  const { logId, offset, event, claimedBy } = claim;
  const [claimed]: ClaimedRow[] = await manager.query(
    `with claimed as (
       insert into resubmissions as r (log_id, "offset", event, claimed_by)
       values ($1, $2, $3, $4)
       on conflict (log_id, "offset") do update
         set claimed_by = excluded.claimed_by, claimed_at = clock_timestamp()
       where r.loaded_log_id is null and r.event = excluded.event
       returning log_id, "offset", claimed_at, (xmax = 0) as is_new),
     marked as (
       update dead_letters as d set state = 'claimed' from claimed as c
        where d.log_id = c.log_id and d."offset" = c."offset" and d.state = 'open')
     select claimed_at::text, is_new from claimed`,
    [logId, offset, event, claimedBy],
  );
  if (claimed !== undefined) {
    return { kind: 'claimed', claimedAt: claimed.claimed_at, isNew: claimed.is_new };
  }
  const [row]: { readonly event: string; readonly is_loaded: boolean }[] = await manager.query(
    `select event, loaded_log_id is not null as is_loaded from resubmissions
      where log_id = $1 and "offset" = $2`,
    [logId, offset],
  );
  // Released between the two statements: free again.
  if (row === undefined) return claimDeadLetter(manager, claim);
  return row.is_loaded ? { kind: 'resolved' } : { kind: 'taken', event: row.event };
}

/**
 * Gives a claim back whose event is not stored; not one that was made anew since, or is loaded. Only for whoever
 * made it, and made it new: whether the event of an older one is stored elsewhere, nobody here can tell.
 */
export async function releaseClaim(
  manager: EntityManager,
  { logId, offset }: Place,
  claimedAt: string,
): Promise<void> {
  await manager.query(
    `with released as (
       delete from resubmissions
        where log_id = $1 and "offset" = $2 and claimed_at = $3::timestamptz and loaded_log_id is null
       returning log_id, "offset")
     update dead_letters as d set state = 'open' from released as r
      where d.log_id = r.log_id and d."offset" = r."offset" and d.state = 'claimed'`,
    [logId, offset, claimedAt],
  );
}

/** What is to be sent for it. */
export interface UnfinishedClaim extends Place {
  readonly event: string;
}

/** What to read: claims for this log, older than so much, after a place, in the order of places. */
export interface UnfinishedQuery {
  readonly claimedBy: string;
  readonly ageMs: number;
  readonly after: Place | null;
  readonly limit: number;
}

/** Claims whose event is not loaded, whether or not it was ever sent. */
export async function readUnfinished(
  manager: EntityManager,
  { claimedBy, ageMs, after, limit }: UnfinishedQuery,
): Promise<UnfinishedClaim[]> {
  const rows: { readonly log_id: string; readonly offset: string; readonly event: string }[] =
    await manager.query(
      `select log_id, "offset", event from resubmissions
        where claimed_by = $1 and loaded_log_id is null
          and claimed_at < now() - $2 * interval '1 millisecond'
          and ($3::uuid is null or (log_id, "offset") > ($3, $4::bigint))
        order by log_id, "offset" limit $5`,
      [claimedBy, ageMs, after?.logId ?? null, after?.offset ?? null, limit],
    );
  return rows.map(({ log_id: logId, offset, event }) => ({ logId, offset, event }));
}

/**
 * Marks dead letters whose correction is loaded. Loads do that themselves, but for one case: one load
 * stores the dead letter while another one, of another log, resolves it, and neither sees the other.
 */
export async function markResolved(manager: EntityManager): Promise<void> {
  await manager.query(
    `update dead_letters as d set state = 'resolved' from resubmissions as r
      where d.log_id = r.log_id and d."offset" = r."offset" and r.loaded_log_id is not null
        and d.state in ('open', 'claimed') and not d.${IS_RANGE}`,
  );
}
