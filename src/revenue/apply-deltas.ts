import type { EntityManager } from 'typeorm';
import type { AppliedDeltas, DeltaPage, UserDelta } from './user-delta.js';

interface Counts {
  readonly inserted: string;
  readonly updated: string;
}

const UPSERT = `with applied as (
    insert into users_revenue as u (user_id, revenue, updated_at)
    select user_id, delta, now() from unnest($1::text[], $2::numeric[]) as d(user_id, delta)
    on conflict (user_id) do update
      set revenue = u.revenue + excluded.revenue, updated_at = excluded.updated_at
    returning (xmax = 0) as is_new)
  select count(*) filter (where is_new) as inserted,
         count(*) filter (where not is_new) as updated from applied`;

/**
 * Adds to the balances, inside the transaction of `manager`. In the order of user ids, which makes
 * two loads at the same time wait for each other instead of deadlocking. One statement with two
 * arrays: over 65,535 single parameters the protocol gives up.
 */
export async function applyDeltas(
  manager: EntityManager,
  deltas: UserDelta[],
): Promise<AppliedDeltas> {
  if (deltas.length === 0) return { inserted: 0, updated: 0 };
  const sorted = deltas.sort((a, b) => (a.userId < b.userId ? -1 : 1));
  const rows: Counts[] = await manager.query(UPSERT, [
    sorted.map(({ userId }) => userId),
    sorted.map(({ delta }) => delta),
  ]);
  return { inserted: Number(rows[0]?.inserted), updated: Number(rows[0]?.updated) };
}

/** As applyDeltas, for a page as it goes over the wire. */
export async function applyDeltaPage(
  manager: EntityManager,
  { userIds, deltas }: DeltaPage,
): Promise<AppliedDeltas> {
  const rows: Counts[] = await manager.query(UPSERT, [userIds, deltas]);
  return { inserted: Number(rows[0]?.inserted), updated: Number(rows[0]?.updated) };
}
