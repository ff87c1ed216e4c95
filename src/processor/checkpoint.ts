import type { Offset } from '../staging-log/staging-log.port.js';

/** Up to where a log's effects are committed in PostgreSQL. */
export interface Checkpoint {
  readonly offset: Offset;
  /** Of the last record before the offset; empty at the start of the log. */
  readonly fingerprint: string;
  /** Of the last loaded event, in milliseconds since 1970; null before the first. */
  readonly timestamp: number | null;
  /** Events loaded so far. */
  readonly events: number;
}

/** True when both say the same place in the same log. */
export const samePlace = (a: Checkpoint, b: Checkpoint): boolean =>
  a.offset === b.offset && a.fingerprint === b.fingerprint;
