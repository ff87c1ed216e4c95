import type { Checkpoint } from './checkpoint.js';
import type { LoadReport } from './load-report.js';
import type { LogStanding } from './log-standing.js';

export { readCheckpoint } from './read-checkpoint.js';
export { Processor } from './processor.js';
export type { Checkpoint } from './checkpoint.js';
export type { LoadReport } from './load-report.js';
export type { LogStanding } from './log-standing.js';

/** What others may know of the processor. */
export abstract class LoadStatus {
  /** Asks the database; the last known one while it is away, null before any was known. */
  abstract checkpoint(): Promise<Checkpoint | null>;

  abstract lastLoad(): LoadReport | null;

  abstract logStanding(): LogStanding;

  /** Waits for the transaction in flight; no further one begins once the process drains. */
  abstract idle(): Promise<void>;
}
