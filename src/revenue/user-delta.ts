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
