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
