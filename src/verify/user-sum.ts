/** What is known of a user: an exact sum, in millionths. */
export interface UserSum {
  readonly userId: string;
  readonly sum: bigint;
}

/**
 * Sums in the order of the UTF-8 bytes of their users, each user once, in pages so that not each of them
 * costs a promise. Begins anew with each call.
 */
export type SortedSums = () => AsyncGenerator<readonly UserSum[]>;

/** Sums, and of how many users they are. */
export interface CountedSums {
  readonly users: number;
  readonly sums: SortedSums;
}
