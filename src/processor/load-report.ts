/** One committed load transaction. */
export interface LoadReport {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly events: number;
  readonly users: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deadLetters: number;
  /** Reading, folding and committing. */
  readonly durationMs: number;
  /** When it was committed, ISO 8601. */
  readonly committedAt: string;
}
