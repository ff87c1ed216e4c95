/**
 * Something about the files of a log. `damage`: they are not as they should be. `note`: as a crash may
 * leave it; a start, or retirement, puts it right by itself.
 */
export interface LogFinding {
  readonly kind: 'damage' | 'note';
  /** Names the file, the place in it where there is one, and what to do. */
  readonly message: string;
}

export type FindingListener = (finding: LogFinding) => void;
