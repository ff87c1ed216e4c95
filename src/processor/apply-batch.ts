import type { EntityManager } from 'typeorm';
import { resolveCorrections, storeDeadLetters } from '../dead-letters/dead-letters.port.js';
import {
  addToHours,
  addToUserHours,
  applyDeltaPage,
  type AppliedDeltas,
  type DeltaPage,
} from '../revenue/revenue.port.js';
import { encodeEventPayload } from '../shared/event/event-codec.js';
import type { Batch } from './batch.js';
import type { Correction } from './correction.js';
import { encodePage } from './fold/encode-page.js';
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
    if (page.userHours !== undefined) await addToUserHours(manager, page.userHours);
    inserted += applied.inserted;
    updated += applied.updated;
  };
  for await (const page of batch.pages()) await apply(page);
  if (batch.hours !== null) await addToHours(manager, batch.hours);
  if (corrected.length > 0) {
    const fold = foldOf(corrected, batch.byHour);
    const all = { from: 0, usersMax: Infinity };
    const encoded = encodePage(fold, sortUsers(fold.table), all);
    if (encoded !== null) await apply(encoded.page);
    const hours = fold.hours.encode();
    if (hours !== null) await addToHours(manager, hours);
  }
  await storeDeadLetters(manager, logId, batch.deadLetters);
  return { inserted, updated, corrections: corrected.length };
}

/** The corrections that count. */
async function resolve(
  manager: EntityManager,
  logId: string,
  corrections: readonly Correction[],
): Promise<readonly Correction[]> {
  if (corrections.length === 0) return [];
  const counting = await resolveCorrections(
    manager,
    logId,
    corrections.map(({ deadLetter, offset, event }) => ({
      ...{ deadLetter, offset },
      event: encodeEventPayload(event),
    })),
  );
  return corrections.filter(({ offset }) => counting.has(offset));
}

/** Of at most as many users as a batch may have corrections. */
function foldOf(corrections: readonly Correction[], byHour: boolean): Fold {
  const fold = new Fold(byHour);
  for (const { event, timestamp } of corrections) fold.addEvent(event, timestamp);
  return fold;
}
