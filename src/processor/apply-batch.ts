import type { EntityManager } from 'typeorm';
import { resolveCorrections, storeDeadLetters } from '../dead-letters/dead-letters.port.js';
import { applyDeltaPage, type AppliedDeltas, type DeltaPage } from '../revenue/revenue.port.js';
import { encodeEventPayload } from '../shared/event/event-codec.js';
import type { RevenueEvent } from '../shared/event/event.js';
import type { Batch } from './batch.js';
import type { Correction } from './correction.js';
import { encodeDeltas } from './fold/encode-deltas.js';
import { Fold } from './fold/fold-records.js';
import { sortUsers } from './fold/sort-users.js';

/** What a batch did to the tables. */
export interface AppliedBatch extends AppliedDeltas {
  /** Corrections among its events that are the first for their dead letter; the others count for nothing. */
  readonly corrections: number;
}

/**
 * Balances and dead letters of a batch, inside the transaction of `manager`, which holds the lock on the log's
 * checkpoint.
 */
export async function applyBatch(
  manager: EntityManager,
  logId: string,
  batch: Batch,
): Promise<AppliedBatch> {
  const corrected = await resolve(manager, logId, batch.corrections);
  let [inserted, updated] = [0, 0];
  const apply = async (page: DeltaPage): Promise<void> => {
    const applied = await applyDeltaPage(manager, page);
    inserted += applied.inserted;
    updated += applied.updated;
  };
  for await (const page of batch.pages()) await apply(page);
  if (corrected.length > 0) await apply(pageOf(corrected));
  await storeDeadLetters(manager, logId, batch.deadLetters);
  return { inserted, updated, corrections: corrected.length };
}

/** The events of the corrections that count. */
async function resolve(
  manager: EntityManager,
  logId: string,
  corrections: readonly Correction[],
): Promise<RevenueEvent[]> {
  if (corrections.length === 0) return [];
  const counting = await resolveCorrections(
    manager,
    logId,
    corrections.map(({ deadLetter, offset, event }) => ({
      ...{ deadLetter, offset },
      event: encodeEventPayload(event),
    })),
  );
  return corrections.filter(({ offset }) => counting.has(offset)).map(({ event }) => event);
}

/** At most as many users as a batch may have corrections. */
function pageOf(events: readonly RevenueEvent[]): DeltaPage {
  const fold = new Fold();
  for (const event of events) fold.addEvent(event);
  return encodeDeltas(fold.table, sortUsers(fold.table));
}
