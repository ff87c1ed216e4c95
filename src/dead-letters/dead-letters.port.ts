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

/** How many dead letters wait for somebody. */
export abstract class DeadLetterCount {
  /** Null while the database is away. */
  abstract countOpen(): Promise<number | null>;
}
