import type { NewDeadLetter } from '../../dead-letters/dead-letters.port.js';
import type { DeltaPage, HourPage } from '../../revenue/revenue.port.js';
import type { LogExtent } from '../../staging-log/staging-log.port.js';
import type { Correction } from '../correction.js';
import type { TableContents } from '../fold/user-table.js';

/** What a fold thread is asked for, in this order: extents; then its table, or to finish with the others'; pages. */
export type FoldRequest =
  | { readonly kind: 'extent'; readonly extent: LogExtent; readonly byHour: boolean }
  /** The thread is ready for another batch afterwards. */
  | { readonly kind: 'take' }
  | { readonly kind: 'finish'; readonly others: readonly FoldContents[]; readonly byHour: boolean }
  /** The next users of the order, from this place on. */
  | { readonly kind: 'page'; readonly from: number }
  | { readonly kind: 'reset' }
  /** Before its first batch. */
  | { readonly kind: 'warm-up'; readonly byHour: boolean };

/** What came of an extent. */
export interface FoldedExtent {
  /** Up to where it was folded: the end of the extent, or less when something is not as it should be. */
  readonly reached: number;
  readonly lastTimestamp: number | null;
  /** Of the batch so far, in this thread. */
  readonly users: number;
  readonly events: number;
  /** Of its table. */
  readonly bytes: number;
  /** Dead letters and corrections of the batch so far, in this thread. */
  readonly setAside: number;
}

/** The sums of a thread. */
export interface FoldContents {
  readonly users: TableContents;
  readonly hours: TableContents;
}

/** What a thread has of the batch. */
export interface TakenFold {
  readonly contents: FoldContents;
  readonly deadLetters: readonly NewDeadLetter[];
  readonly corrections: readonly Correction[];
}

/** The batch as a whole, and what this thread had set aside itself. */
export interface FinishedFold {
  readonly users: number;
  /** Null without any. */
  readonly hours: HourPage | null;
  readonly deadLetters: readonly NewDeadLetter[];
  readonly corrections: readonly Correction[];
}

export interface FoldedPage {
  readonly page: DeltaPage;
  /** The place behind it. */
  readonly next: number;
}

export interface FoldAnswers {
  readonly extent: FoldedExtent;
  readonly take: TakenFold;
  readonly finish: FinishedFold;
  /** Null behind the last one. */
  readonly page: FoldedPage | null;
  readonly reset: null;
  readonly 'warm-up': null;
}
