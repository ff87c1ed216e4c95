import type { UserHourPage } from './keep-user-history.js';

/**
 * A page of what a batch adds to balances, ready for the wire: two arrays of the same length in PostgreSQL's
 * binary format (array_recv), in the order of the users' bytes, each user once.
 */
export interface DeltaPage {
  /** At least 1. */
  readonly users: number;
  /** text[] */
  readonly userIds: Buffer;
  /** numeric[]; negative for a subtraction. */
  readonly deltas: Buffer;
  /** The same by hour, where revenue over time is kept by user. */
  readonly userHours?: UserHourPage;
}

/** What a batch adds to one user's balance: an exact decimal, negative for a subtraction. */
export interface UserDelta {
  readonly userId: string;
  readonly delta: string;
}

/** How many users got their first row, and how many had one. */
export interface AppliedDeltas {
  readonly inserted: number;
  readonly updated: number;
}
