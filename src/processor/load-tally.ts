import { SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Histogram } from '../shared/histogram.js';
import type { LoadReport } from './load-report.js';

const LOAD_SECONDS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  ...[0.5, 1, 2.5, 5, 10, 30, 60, 120],
];
const BATCH_SIZES = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** Of errors that are none of the database: a connection that was lost or refused, the log's disk. */
const NO_STATE = 'none';
const OTHER_CLASS = 'other';
/** Of SQLSTATEs: those that loads have met or may meet. */
const CLASSES = [
  ...['08', '22', '23', '25', '28', '3D', '40', '42', '53', '54', '55', '57', '58', 'XX'],
  ...[NO_STATE, OTHER_CLASS],
];
const RETRIED = [SQL_STATE.serializationFailure, SQL_STATE.deadlockDetected];

/** What loads did since the process began; numbers only grow. */
export class LoadTally {
  /** Of committed loads. */
  events = 0;
  inserted = 0;
  updated = 0;
  deadLetters = 0;
  /** Seconds of committed loads, from reading on. */
  readonly seconds = new Histogram(LOAD_SECONDS);
  readonly batchEvents = new Histogram(BATCH_SIZES);
  readonly batchUsers = new Histogram(BATCH_SIZES);
  /** Runs that ended with an error, by the class of its SQLSTATE. */
  readonly failures = new Map<string, number>(CLASSES.map((name) => [name, 0]));
  /** Transactions that were run again at once, by SQLSTATE. */
  readonly retries = new Map<string, number>(RETRIED.map((state) => [state, 0]));

  noteLoad({ events, users, inserted, updated, deadLetters, durationMs }: LoadReport): void {
    this.events += events;
    this.inserted += inserted;
    this.updated += updated;
    this.deadLetters += deadLetters;
    this.seconds.observe(durationMs / 1000);
    this.batchEvents.observe(events);
    this.batchUsers.observe(users);
  }

  noteFailure(error: unknown): void {
    const name = sqlStateOf(error)?.slice(0, 2) ?? NO_STATE;
    add(this.failures, this.failures.has(name) ? name : OTHER_CLASS);
  }

  noteRetry(sqlState: string): void {
    add(this.retries, sqlState);
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
