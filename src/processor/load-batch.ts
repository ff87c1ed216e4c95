import type { DataSource, EntityManager } from 'typeorm';
import { forgetQuarantined, storeDeadLetters } from '../dead-letters/dead-letters.port.js';
import { applyDeltas, type AppliedDeltas } from '../revenue/revenue.port.js';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';
import { inTransaction } from './in-transaction.js';
import type { Batch } from './read-batch.js';
import { storeCheckpoint } from './store-checkpoint.js';

export type LoadedBatch =
  | ({ readonly kind: 'committed'; readonly to: Checkpoint } & AppliedDeltas)
  | { readonly kind: 'mismatch' };

export interface BatchToLoad {
  readonly logId: string;
  readonly from: Checkpoint;
  readonly to: Omit<Checkpoint, 'events'>;
  readonly batch: Batch;
}

/**
 * The load: balances, dead letters and checkpoint in one transaction, or nothing.
 * @throws errors of the database that running it again did not settle; whether a COMMIT whose answer
 * was lost took effect, the next load learns from the checkpoint.
 */
export function loadBatch(dataSource: DataSource, load: BatchToLoad): Promise<LoadedBatch> {
  return inTransaction(dataSource, (manager) => store(manager, load));
}

async function store(manager: EntityManager, load: BatchToLoad): Promise<LoadedBatch> {
  const { logId, from, to, batch } = load;
  const { events } = batch.fold;
  const stored = await storeCheckpoint(manager, { logId, from, to, events });
  if (stored.kind === 'mismatch') return stored;
  const applied = await applyDeltas(manager, batch.fold.deltas());
  if (from.offset === START_OF_LOG) await forgetQuarantined(manager, logId);
  await storeDeadLetters(manager, logId, batch.deadLetters);
  return { kind: 'committed', to: { ...to, events: stored.events }, ...applied };
}
