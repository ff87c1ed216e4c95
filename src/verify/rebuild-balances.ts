import type { EntityManager } from 'typeorm';
import { sqlStateOf } from '../shared/database/sql-state.js';
import { correctHistory } from './correct-history.js';
import { correctRows, type CorrectedRows } from './correct-rows.js';
import { inSnapshot } from './in-snapshot.js';
import type { Refused } from './loaded-part.js';
import { readCounts, type Counts } from './read-counts.js';
import { recompute, type Contribution, type Recomputed } from './recompute.js';
import { untilLogStays } from './until-log-stays.js';
import type { VerifyOptions } from './verify-balances.js';
import { walkTable } from './walk-table.js';
import { correctUserHours, noteRebuiltHistory } from './walk-user-hours.js';

export type Rebuilding =
  | ({
      /** `exact`: the tables were, and the counts of events were, so nothing was written. */
      readonly kind: 'rebuilt' | 'exact';
      /** Of the checkpoint of this log. */
      readonly offset: number;
      readonly users: number;
      readonly hours: number;
      /** Of revenue over time: so many were inserted, updated or deleted. */
      readonly historyRows: number;
      /** Where revenue over time is kept by user: so many hours and days of users were put right. */
      readonly userHistoryRows?: number;
    } & CorrectedRows &
      /** As they were found. Those of events are put right, those of dead letters are not. */
      Counts)
  | Refused;

export interface RebuildOptions extends VerifyOptions {
  /** How long a load or reload under way is waited for; meanwhile others queue up behind. */
  readonly lockWaitMs?: number;
}

/** A load or reload did not let go of the checkpoints in time. */
class LoadsBusyError extends Error {
  readonly code = 'LOADS_BUSY';
}

const LOCK_WAIT_MS = 30_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Recomputes the balances and revenue over time, by user where that is kept, as `verifyBalances` does, and puts the tables right, in one transaction:
 * inserts, updates and deletes the rows that differ, touches no other, and sets the checkpoints' counts of events.
 * Or changes nothing, however it ends.
 *
 * Loads and reloads of all logs wait from its beginning to its end, since it locks the checkpoints, which
 * each of them begins with. Readers go on, and see the old balances until the commit. Dead letters stay as they
 * are. When retention retires what was to be read, all is done again.
 * @throws LoadsBusyError; errors of the database and of reading; LogMovedOnError as `verifyBalances`.
 */
export async function rebuildBalances(options: RebuildOptions): Promise<Rebuilding> {
  return untilLogStays(() =>
    inSnapshot(options.dataSource, async (manager) => {
      await stopLoads(manager, options.lockWaitMs ?? LOCK_WAIT_MS);
      return recompute(manager, { ...options, userHours: 'all' }, (recomputed) =>
        putRight(manager, recomputed),
      );
    }),
  );
}

/**
 * Must be the first query of its transaction: LOCK TABLE takes no snapshot, so what is seen from then on
 * holds all loads that it waited for. EXCLUSIVE, since a reload begins with FOR UPDATE, which any weaker mode
 * lets pass; plain reads go on.
 */
async function stopLoads(manager: EntityManager, waitMs: number): Promise<void> {
  await manager.query(`set local lock_timeout = ${waitMs}`);
  try {
    await manager.query('lock table load_checkpoint in exclusive mode');
  } catch (error) {
    if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    const message = `a load or reload under way did not end within ${waitMs / 1000} s; nothing was changed, run it again`;
    throw new LoadsBusyError(message);
  }
}

async function putRight(manager: EntityManager, recomputed: Recomputed): Promise<Rebuilding> {
  const { own, others, contributions, sums, hourSums, userHours } = recomputed;
  if (own.checkpoint.offset === 0 && others.length === 0) return NOTHING_LOADED;
  const rows = { inserted: 0, updated: 0, deleted: 0 };
  const users = await walkTable(manager, sums, async (mismatches) => {
    const { inserted, updated, deleted } = await correctRows(manager, mismatches);
    rows.inserted += inserted;
    rows.updated += updated;
    rows.deleted += deleted;
  });
  const historyRows = await correctHistory(manager, hourSums);
  const userHistoryRows = userHours === null ? 0 : await correctUserHours(manager, userHours);
  const logsNoted = userHours === null ? 0 : await noteRebuiltHistory(manager, userHours);
  const logsCorrected = logsNoted + (await correctEvents(manager, contributions));
  const rowsCorrected = historyRows + userHistoryRows + rows.inserted + rows.updated + rows.deleted;
  const isExact = logsCorrected + rowsCorrected === 0;
  const counts = await readCounts(manager, recomputed);
  const { offset } = own.checkpoint;
  return {
    ...{ kind: isExact ? 'exact' : 'rebuilt', offset, users, ...rows },
    ...{ hours: hourSums.size, historyRows },
    ...(userHours === null ? {} : { userHistoryRows }),
    ...counts,
  };
}

/** All that the table holds then came from elsewhere, and only its owner may delete that. */
const NOTHING_LOADED: Refused = {
  kind: 'refused',
  code: 'NOTHING_LOADED',
  message: 'no log is loaded into this database, so there is nothing to rebuild the balances from',
};

/** @returns of how many logs the count was another one. */
async function correctEvents(
  manager: EntityManager,
  contributions: readonly Contribution[],
): Promise<number> {
  const [, corrected]: [unknown, number] = await manager.query(
    `update load_checkpoint as c set events = l.events, updated_at = now()
       from unnest($1::uuid[], $2::bigint[]) as l(log_id, events)
      where c.log_id = l.log_id and c.events <> l.events`,
    [contributions.map(({ identity }) => identity), contributions.map(({ events }) => events)],
  );
  return corrected;
}
