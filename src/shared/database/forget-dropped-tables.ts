import type { DataSource } from 'typeorm';
import { CreateUsersRevenue1763800000000 } from '../../../migrations/1763800000000-create-users-revenue.js';
import { CreateLoadCheckpoint1763800000001 } from '../../../migrations/1763800000001-create-load-checkpoint.js';
import { CreateDeadLetters1763800000002 } from '../../../migrations/1763800000002-create-dead-letters.js';
import { CreateResubmissions1763800000003 } from '../../../migrations/1763800000003-create-resubmissions.js';
import { CreateLoads1763800000004 } from '../../../migrations/1763800000004-create-loads.js';
import { MIGRATION_LOCK } from './migrate.js';

export const BALANCES_TABLE = 'users_revenue';
export const BALANCES_MIGRATION = CreateUsersRevenue1763800000000.name;

const CHECKPOINTS_TABLE = 'load_checkpoint';
const MADE_BY = [
  [BALANCES_TABLE, BALANCES_MIGRATION],
  [CHECKPOINTS_TABLE, CreateLoadCheckpoint1763800000001.name],
  ['dead_letters', CreateDeadLetters1763800000002.name],
  ['resubmissions', CreateResubmissions1763800000003.name],
  ['loads', CreateLoads1763800000004.name],
] as const;

/** The checkpoints were dropped, but not the balances: loading all again would double them. */
export class CheckpointsDroppedError extends Error {
  readonly code = 'CHECKPOINT_DROPPED';
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
 * table of balances would be wrong while checkpoints say that events are loaded, so these go too.
 * Under the lock of the migrations: another call may have made the tables meanwhile, and loads into
 * them would be forgotten, so counted twice.
 * @throws CheckpointsDroppedError when the balances still stand without them.
 */
export function forgetDropped(dataSource: DataSource): Promise<string[]> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const dropped: string[] = [];
    for (const [table, migration] of MADE_BY) {
      if (await tableStands(manager, table)) continue;
      dropped.push(table);
      await manager.query('delete from migrations where name = $1', [migration]);
    }
    const checkpointsDropped = dropped.includes(CHECKPOINTS_TABLE);
    if (checkpointsDropped && !dropped.includes(BALANCES_TABLE)) throw checkpointsMissing();
    if (dropped.includes(BALANCES_TABLE) && !checkpointsDropped) {
      await manager.query(`delete from ${CHECKPOINTS_TABLE}`);
    }
    return dropped;
  });
}

function checkpointsMissing(): CheckpointsDroppedError {
  const remedy = `restore it, or drop ${BALANCES_TABLE} too and call this again: then all logs are loaded again`;
  return new CheckpointsDroppedError(
    `${CHECKPOINTS_TABLE} was dropped, so nobody knows what ${BALANCES_TABLE} holds; ${remedy}`,
  );
}
