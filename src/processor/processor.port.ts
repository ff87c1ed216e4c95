import type { HistogramFigures } from '../shared/histogram.js';
import type { Checkpoint } from './checkpoint.js';
import type { LoadReport } from './load-report.js';
import type { LogStanding } from './log-standing.js';

export { readCheckpoint } from './read-checkpoint.js';
export { proveCheckpoint } from './prove-checkpoint.js';
export { CheckpointMirror } from './checkpoint-mirror.js';
export { reloadRange, type ReloadOutcome } from './reload-range.js';
export { Processor } from './processor.js';
export { FoldPool } from './workers/fold-pool.js';
export type { Checkpoint } from './checkpoint.js';
export type { LoadReport } from './load-report.js';
export type { LogStanding } from './log-standing.js';

/** What loads of this process did since it began; numbers only grow, and each label is there from the beginning. */
export interface LoadFigures {
  /** Of committed loads. */
  readonly events: number;
  /** Users who were new, and those who were there. */
  readonly inserted: number;
  readonly updated: number;
  /** Stored ones. */
  readonly deadLetters: number;
  /** Seconds of committed loads, from reading on, and their sizes. */
  readonly seconds: HistogramFigures;
  readonly batchEvents: HistogramFigures;
  readonly batchUsers: HistogramFigures;
  /** Runs that ended with an error, by the class of its SQLSTATE: `none` where there is none. */
  readonly failures: ReadonlyMap<string, number>;
  /** Transactions that were run again at once, by SQLSTATE. */
  readonly retries: ReadonlyMap<string, number>;
}

/** What others may know of the processor. */
export abstract class LoadStatus {
  /** Asks the database; the last known one while it is away, null before any was known. */
  abstract checkpoint(): Promise<Checkpoint | null>;

  /** The last known one, without asking; null before any was known. */
  abstract knownCheckpoint(): Checkpoint | null;

  /** Why the last tick did not load, or null when it did. */
  abstract trouble(): string | null;

  /** Of this log; one of before this process began, too. Null when there is none, or it is not known. */
  abstract lastLoad(): Promise<LoadReport | null>;

  abstract figures(): LoadFigures;

  abstract logStanding(): LogStanding;

  /** Waits for the transaction in flight; no further one begins once the process drains. */
  abstract idle(): Promise<void>;
}
