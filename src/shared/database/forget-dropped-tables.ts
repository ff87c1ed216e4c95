import type { DataSource, EntityManager } from 'typeorm';
import { CreateUsersRevenue1763800000000 } from '../../../migrations/1763800000000-create-users-revenue.js';
import { CreateLoadCheckpoint1763800000001 } from '../../../migrations/1763800000001-create-load-checkpoint.js';
import { CreateDeadLetters1763800000002 } from '../../../migrations/1763800000002-create-dead-letters.js';
import { CreateResubmissions1763800000003 } from '../../../migrations/1763800000003-create-resubmissions.js';
import { CreateLoads1763800000004 } from '../../../migrations/1763800000004-create-loads.js';
import { IndexOpenDeadLetters1763800000005 } from '../../../migrations/1763800000005-index-open-dead-letters.js';
import { CreateRevenueHistory1763800000006 } from '../../../migrations/1763800000006-create-revenue-history.js';
import { CreateUserHistoryState1763800000007 } from '../../../migrations/1763800000007-create-user-history-state.js';
import { CreateUserRevenueHistory1763800000008 } from '../../../migrations/1763800000008-create-user-revenue-history.js';
import { MIGRATION_LOCK } from './migrate.js';

export const BALANCES_TABLE = 'users_revenue';
export const BALANCES_MIGRATION = CreateUsersRevenue1763800000000.name;

const CHECKPOINTS_TABLE = 'load_checkpoint';
/** Each table, and what made it and its parts. */
const MADE_BY: readonly (readonly [table: string, ...migrations: string[]])[] = [
  [BALANCES_TABLE, BALANCES_MIGRATION],
  [CHECKPOINTS_TABLE, CreateLoadCheckpoint1763800000001.name],
  ['dead_letters', CreateDeadLetters1763800000002.name, IndexOpenDeadLetters1763800000005.name],
  ['resubmissions', CreateResubmissions1763800000003.name],
  ['loads', CreateLoads1763800000004.name],
  ['revenue_history', CreateRevenueHistory1763800000006.name],
  ['user_history_state', CreateUserHistoryState1763800000007.name],
  ['user_revenue_history', CreateUserRevenueHistory1763800000008.name],
];

/** Sums of what is in the balances. */
const HISTORY_TABLES: readonly string[] = [
  'revenue_history',
  'user_revenue_history',
  'user_history_state',
];

/** What tells which records of dead letters are in the balances, and which ranges are not. */
const KEPT_WITH_BALANCES: readonly string[] = ['dead_letters', 'resubmissions'];

/**
 * A table was dropped without which nobody knows what the balances hold, and these stand: made again, it would
 * be empty, and events would be counted twice or never.
 */
export class TableDroppedError extends Error {
  constructor(
    readonly code: 'CHECKPOINT_DROPPED' | 'DEAD_LETTERS_DROPPED',
    table: string,
  ) {
    const all = code === 'CHECKPOINT_DROPPED' ? '' : ` and ${CHECKPOINTS_TABLE}`;
    const remedy = `restore it as it was, or drop ${BALANCES_TABLE}${all} too and call this again: then all logs are loaded again`;
    super(`${table} was dropped, so nobody knows what ${BALANCES_TABLE} holds; ${remedy}`);
  }
}

/**
 * Asks the catalog itself: in a transaction that waited for a lock, to_regclass alone answers from a
 * cache of before the wait, and a table that was made meanwhile seems missing.
 */
export async function tableStands(on: Pick<DataSource, 'query'>, table: string): Promise<boolean> {
  const rows: { stands: boolean }[] = await on.query(
    `select exists (select from pg_class
       where relname = $1 and pg_table_is_visible(oid)) as stands`,
    [table],
  );
  return rows[0]?.stands === true;
}

/**
 * Forgets, in one transaction, that the tables which are not there any more were made. An empty
 * table of balances would be wrong while checkpoints say that events are loaded, so these go too, and what was summed by time.
 * Under the lock of the migrations: another call may have made the tables meanwhile, and loads into
 * them would be forgotten, so counted twice.
 * A table that no migration has made yet was not dropped: it is of a newer version.
 * @throws TableDroppedError when the balances still stand, and one is gone that tells what they hold.
 */
export function forgetDropped(dataSource: DataSource): Promise<string[]> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const dropped: string[] = [];
    const missing: string[] = [];
    for (const [table, ...migrations] of MADE_BY) {
      if (await tableStands(manager, table)) continue;
      missing.push(table);
      if (await forgetMigrations(manager, migrations)) dropped.push(table);
    }
    if (!missing.includes(BALANCES_TABLE)) await requireWhatTellsThem(manager, missing, dropped);
    else {
      if (!missing.includes(CHECKPOINTS_TABLE))
        await manager.query(`delete from ${CHECKPOINTS_TABLE}`);
      const summed = HISTORY_TABLES.filter((table) => !missing.includes(table));
      if (summed.length > 0) await manager.query(`truncate ${summed.join(', ')}`);
    }
    return missing;
  });
}

/** @returns whether any of them was known to have run. */
async function forgetMigrations(
  manager: EntityManager,
  names: readonly string[],
): Promise<boolean> {
  const [, count] = await manager.query<[unknown, number]>(
    'delete from migrations where name = any($1)',
    [names],
  );
  return count > 0;
}

/** Of balances that stand. */
async function requireWhatTellsThem(
  manager: EntityManager,
  missing: readonly string[],
  dropped: readonly string[],
): Promise<void> {
  if (missing.includes(CHECKPOINTS_TABLE)) {
    throw new TableDroppedError('CHECKPOINT_DROPPED', CHECKPOINTS_TABLE);
  }
  const tables = dropped.filter((table) => KEPT_WITH_BALANCES.includes(table));
  if (tables.length === 0) return;
  const rows: unknown[] = await manager.query(
    `select from ${CHECKPOINTS_TABLE} where "offset" > 0 limit 1`,
  );
  if (rows.length > 0) throw new TableDroppedError('DEAD_LETTERS_DROPPED', tables.join(', '));
}
