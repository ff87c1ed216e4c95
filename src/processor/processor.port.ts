import type { Checkpoint } from './checkpoint.js';
import type { LoadReport } from './load-report.js';
import type { WrongLogCode } from './prove-checkpoint.js';

export { LoadCheckpoint } from './load-checkpoint.entity.js';
export { readCheckpoint } from './read-checkpoint.js';
export type { Checkpoint } from './checkpoint.js';
export type { LoadReport } from './load-report.js';

/** Whether the log of this process is the one that the database has loaded. */
export type LogStanding =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong-log'; readonly code: WrongLogCode; readonly message: string };

/** What others may know of the processor. */
export abstract class LoadStatus {
  /** Asks the database; the last known one while it is away, null before any was known. */
  abstract checkpoint(): Promise<Checkpoint | null>;

  abstract lastLoad(): LoadReport | null;

  abstract logStanding(): LogStanding;

  /** Waits for the transaction in flight; no further one begins once the process drains. */
  abstract idle(): Promise<void>;
}
