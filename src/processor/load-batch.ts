import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { storeDeadLetters } from '../dead-letters/dead-letters.port.js';
import { applyDeltas, type AppliedDeltas } from '../revenue/revenue.port.js';
import { isRetryable } from '../shared/database/sql-state.js';
import type { Checkpoint } from './checkpoint.js';
import type { Batch } from './read-batch.js';
import { storeCheckpoint } from './store-checkpoint.js';

export type LoadedBatch =
  ({ readonly kind: 'committed' } & AppliedDeltas) | { readonly kind: 'mismatch' };

export interface BatchToLoad {
  readonly logId: string;
  readonly from: Checkpoint;
  readonly to: Checkpoint;
  readonly batch: Batch;
}

const ATTEMPTS_MAX = 5;
const RETRY_DELAY_MAX_MS = 200;

/**
 * The load: balances, dead letters and checkpoint in one transaction, or nothing. After a deadlock
 * or a serialization failure the whole transaction is run again on a new connection.
 * @throws any other error of the database; whether a COMMIT whose answer was lost took effect, the
 * next load learns from the checkpoint.
 */
export async function loadBatch(dataSource: DataSource, load: BatchToLoad): Promise<LoadedBatch> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(dataSource, (manager) => store(manager, load));
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await sleep(Math.random() * RETRY_DELAY_MAX_MS);
    }
  }
}

async function store(manager: EntityManager, load: BatchToLoad): Promise<LoadedBatch> {
  const { logId, batch } = load;
  if ((await storeCheckpoint(manager, load)) === 'mismatch') return { kind: 'mismatch' };
  const applied = await applyDeltas(manager, batch.fold.deltas());
  await storeDeadLetters(manager, logId, batch.deadLetters);
  return { kind: 'committed', ...applied };
}

/** Commits what `work` did, or rolls back when it found a mismatch or threw. */
async function inTransaction(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<LoadedBatch>,
): Promise<LoadedBatch> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction();
    const result = await work(runner.manager);
    await (result.kind === 'committed' ? runner.commitTransaction() : runner.rollbackTransaction());
    return result;
  } catch (error) {
    // Where the connection is gone, there is nothing to roll back, and the first error says more.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
