import type { NewDeadLetter } from '../dead-letters/dead-letters.port.js';
import type { DeltaPage, HourPage } from '../revenue/revenue.port.js';
import type { Offset } from '../staging-log/staging-log.port.js';
import type { Correction } from './correction.js';

export interface BatchBounds {
  /** By hour, these are hours of users. */
  readonly usersMax: number;
  readonly readMsMax: number;
  /** Whether sums are kept by user and hour, too; not unless it is said. */
  readonly byHour?: boolean;
}

/** The records of one load transaction, reduced. */
export interface Batch {
  /** Exclusive end, and where the next batch begins. */
  readonly end: Offset;
  /** Without corrections. */
  readonly events: number;
  /** Whether its pages have the hours of users. */
  readonly byHour: boolean;
  /** Distinct ones, of these events; by hour, hours of users. */
  readonly users: number;
  /** Of the last event, in milliseconds since 1970; null without any. */
  readonly lastTimestamp: number | null;
  /** What it adds to hours; null without any. */
  readonly hours: HourPage | null;
  readonly deadLetters: readonly NewDeadLetter[];
  readonly corrections: readonly Correction[];
  /** What it adds to balances, in the order of user ids. From the first page on with each call. */
  pages(): AsyncIterable<DeltaPage>;
  /** Gives its memory back. To be called once, whatever became of it. */
  release(): void;
}
