export { DeadLetter } from './dead-letter.entity.js';
export { storeDeadLetters } from './store-dead-letters.js';

/** Of a record that becomes a dead letter, at most this many bytes are kept in the database. */
export const DEAD_LETTER_BYTES_MAX = 64 * 1024;

/** A record that can never be loaded, as a load found it. */
export interface NewDeadLetter {
  readonly offset: number;
  /** Of the whole record, in bytes. */
  readonly length: number;
  /** At most DEAD_LETTER_BYTES_MAX of it. */
  readonly bytes: Buffer;
  readonly code: string;
  readonly message: string;
}

/** How many dead letters wait for somebody. */
export abstract class DeadLetterCount {
  /** Null while the database is away. */
  abstract countOpen(): Promise<number | null>;
}
