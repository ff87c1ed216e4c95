import type { DeadLetterPlace } from '../shared/event/reserved-id.js';
import type { RevenueEvent } from '../shared/event/event.js';

/**
 * A record with the corrected event of a dead letter. Not part of a fold's sums: whether it counts is known
 * only in the transaction, since the first record for a dead letter does and any other does not.
 */
export interface Correction {
  readonly deadLetter: DeadLetterPlace;
  /** Of this record. */
  readonly offset: number;
  readonly event: RevenueEvent;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
}
