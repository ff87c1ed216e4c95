export { forgetDeadLetters } from './forget-dead-letters.js';
export { DEAD_LETTER_BYTES_MAX, type NewDeadLetter } from './new-dead-letter.js';
export {
  lockQuarantined,
  markReloaded,
  readQuarantined,
  type QuarantinedRange,
} from './quarantine.js';
export { readResubmitted, resolveCorrections, type NewCorrection } from './resolve-corrections.js';
export { storeDeadLetters } from './store-dead-letters.js';

/** How many dead letters wait; null while the database is away. */
export abstract class DeadLetterCount {
  /** For somebody. */
  abstract countOpen(): Promise<number | null>;

  /**
   * For their corrected events, which were claimed over 5 minutes ago and are not loaded: nobody may be there to send them,
   * where the log that they were claimed for is gone.
   */
  abstract countUnfinished(): Promise<number | null>;
}
