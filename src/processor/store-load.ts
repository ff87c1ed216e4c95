import type { EntityManager } from 'typeorm';
import type { LoadReport } from './load-report.js';

/** How many rows the history keeps at most, of all logs together. */
export const PAST_LOADS_MAX = 10_000;

/** At a time; more than one only where a bound was lowered, or two loads ran at the same time. */
const REMOVED_MAX = 100;

/** What a load did, told within its own transaction: its duration is without the COMMIT, which is still to come. */
export interface LoadToStore extends Omit<LoadReport, 'committedAt'> {
  readonly logId: string;
}

/**
 * Adds the load to the history, inside its transaction, and removes what is beyond the bound. It goes
 * last there: two loads at the same time wait for each other at the row that both remove. The bound
 * is of ids, and those of loads that were rolled back count, so there may be fewer rows. They are found by
 * `any`, because a planner that does not know the bound yet expects `id <=` to match a third of all.
 */
export async function storeLoad(manager: EntityManager, load: LoadToStore): Promise<void> {
  await manager.query(
    `with stored as (
       insert into loads (log_id, from_offset, to_offset, events, users, inserted, updated,
                          dead_letters, duration_ms, committed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp())
       returning id)
     delete from loads where id = any (array(
       select old.id from stored, lateral (
         select id from loads where loads.id <= stored.id - ${PAST_LOADS_MAX} order by id limit ${REMOVED_MAX}
       ) as old))`,
    [
      ...[load.logId, load.fromOffset, load.toOffset, load.events],
      ...[load.users, load.inserted, load.updated, load.deadLetters],
      Math.round(load.durationMs),
    ],
  );
}
