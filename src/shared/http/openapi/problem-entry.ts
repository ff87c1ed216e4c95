/** What the document says of one code. */
export interface ProblemEntry {
  /** Every status that it comes with. */
  readonly statuses: readonly number[];
  /** An example of the words that go with it. */
  readonly detail: string;
  /** In seconds, where the sender may try again. */
  readonly retryAfter?: number;
  /** An example of the members that it adds, whatever the route. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export type ProblemEntries = Readonly<Record<string, ProblemEntry>>;
