import { DEAD_LETTER_BYTES_MAX, type NewDeadLetter } from '../../dead-letters/dead-letters.port.js';
import type { Correction } from '../correction.js';
import { Fold, type FoldedBytes } from './fold-records.js';
import type { FoldWindow } from './fold-window.js';

const SET_ASIDE_MAX = 1_000;
const SET_ASIDE_BYTES_MAX = 2 * 1024 * 1024;
/** Eleven years: more of them are no clock's. */
const HOURS_MAX = 100_000;

/**
 * The fold of a batch, with what cannot be folded set aside: dead letters and corrections. These are kept
 * with their bytes, so they are bounded: 1,000 long lines took 600 MB on their way to the database.
 */
export class BatchFold {
  readonly fold: Fold;
  readonly deadLetters: NewDeadLetter[] = [];
  readonly corrections: Correction[] = [];
  private keptBytes = 0;

  /** @param byHour whether sums are by user and hour */
  constructor(readonly byHour: boolean) {
    this.fold = new Fold(byHour);
  }

  /** Whether as much is set aside as a batch may have. Passed by at most one window in bytes, or of hours. */
  get isFull(): boolean {
    return (
      this.setAsideCount >= SET_ASIDE_MAX ||
      this.keptBytes >= SET_ASIDE_BYTES_MAX ||
      this.fold.hours.hours >= HOURS_MAX
    );
  }

  get setAsideCount(): number {
    return this.deadLetters.length + this.corrections.length;
  }

  /**
   * Folds whole records at the start of a window, all of them unless it is full before.
   * @param offsetAt the offset of the record that begins at a position
   */
  add(
    window: FoldWindow,
    length: number,
    offsetAt: (position: number) => number,
  ): Pick<FoldedBytes, 'end' | 'lastTimestamp'> {
    const room = SET_ASIDE_MAX - this.setAsideCount;
    const { unusable, corrections, end, lastTimestamp } = this.fold.add(window, length, room);
    for (const { start, ...correction } of corrections) {
      this.corrections.push({ offset: offsetAt(start), ...correction });
    }
    for (const { start, end: recordEnd, code, message } of unusable) {
      const kept = Math.min(recordEnd, start + DEAD_LETTER_BYTES_MAX);
      // Copied: the window is used again.
      const bytes = Buffer.from(window.bytes.subarray(start, kept));
      this.setAside({ offset: offsetAt(start), length: recordEnd - start, bytes, code, message });
    }
    return { end, lastTimestamp };
  }

  /** What was no record to begin with. */
  setAside(letter: NewDeadLetter): void {
    this.deadLetters.push(letter);
    this.keptBytes += letter.bytes.length;
  }
}
