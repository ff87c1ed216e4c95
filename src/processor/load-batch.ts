import type { DataSource, EntityManager } from 'typeorm';
import { forgetDeadLetters } from '../dead-letters/dead-letters.port.js';
import { forgetHistory, noteUserHistory, rollUpHours } from '../revenue/revenue.port.js';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import { applyBatch } from './apply-batch.js';
import type { Batch } from './batch.js';
import type { Checkpoint } from './checkpoint.js';
import { inTransaction } from './in-transaction.js';
import type { LoadReport } from './load-report.js';
import { addLoadedEvents, storeCheckpoint } from './store-checkpoint.js';
import { storeLoad } from './store-load.js';

export type LoadedBatch =
  | { readonly kind: 'committed'; readonly to: Checkpoint; readonly report: LoadReport }
  | { readonly kind: 'mismatch' };

export interface BatchToLoad {
  readonly logId: string;
  readonly from: Checkpoint;
  readonly to: Omit<Checkpoint, 'events'>;
  readonly batch: Batch;
  /** When reading it began, of `performance.now()`. */
  readonly started: number;
  /** Told the SQLSTATE when the transaction is run again. */
  readonly onRetry?: ((sqlState: string) => void) | undefined;
  /** The hours before are made days; null: not by this load. */
  readonly rollUpBefore: Date | null;
}

/**
 * The load: checkpoint, balances, dead letters and its line in the history in one transaction, or nothing.
 * @throws errors of the database that running it again did not settle; whether a COMMIT whose answer
 * was lost took effect, the next load learns from the checkpoint.
 */
export async function loadBatch(dataSource: DataSource, load: BatchToLoad): Promise<LoadedBatch> {
  const loaded = await inTransaction(dataSource, (manager) => store(manager, load), load.onRetry);
  if (loaded.kind === 'mismatch') return loaded;
  const durationMs = Math.round(performance.now() - load.started);
  return {
    ...loaded,
    report: { ...loaded.report, durationMs, committedAt: new Date().toISOString() },
  };
}

async function store(manager: EntityManager, load: BatchToLoad): Promise<LoadedBatch> {
  const { logId, from, to, batch, started } = load;
  const { events } = batch;
  const stored = await storeCheckpoint(manager, { logId, from, to, events });
  if (stored.kind === 'mismatch') return stored;
  if (from.offset === START_OF_LOG) {
    await forgetDeadLetters(manager, logId);
    await forgetHistory(manager, logId);
  }
  if (batch.byHour) await noteUserHistory(manager, { logId, from, to });
  const { inserted, updated, corrections } = await applyBatch(manager, logId, batch);
  if (load.rollUpBefore !== null) await rollUpHours(manager, load.rollUpBefore);
  if (corrections > 0) await addLoadedEvents(manager, logId, corrections);
  const report = {
    ...{ fromOffset: from.offset, toOffset: to.offset, events: events + corrections },
    ...{ users: inserted + updated, inserted, updated, deadLetters: batch.deadLetters.length },
    durationMs: performance.now() - started,
    committedAt: '',
  };
  await storeLoad(manager, { logId, ...report });
  return { kind: 'committed', to: { ...to, events: stored.events + corrections }, report };
}
