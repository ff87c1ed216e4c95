/**
 * The longest time that two records may tell between them, as a part of the window in which ids are
 * remembered: an hour in which nothing came cannot be told from a clock that was put on by an hour.
 */
const GAP_OF_WINDOW_MAX = 0.1;

/**
 * How much time went by in a log for certain, as its records tell it, whatever the wall clock did
 * meanwhile: steps back count as nothing, and a step ahead costs at most a tenth of the window. So
 * no id is forgotten too early. A log that was not used for days takes them for hours, and goes on
 * to remember the ids from before, which is the safe side: a retry is not counted twice.
 */
export class LogTime {
  private readonly gapSecondsMax: number;
  private total = 0;
  private last: number | null = null;

  constructor(windowSeconds: number) {
    this.gapSecondsMax = windowSeconds * GAP_OF_WINDOW_MAX;
  }

  /** Since the first record. */
  get seconds(): number {
    return this.total;
  }

  /** Goes on to the next record. @param timestamp in milliseconds. @returns the seconds there. */
  advance(timestamp: number): number {
    const gapSeconds = (timestamp - (this.last ?? timestamp)) / 1000;
    this.total += Math.max(0, Math.min(gapSeconds, this.gapSecondsMax));
    this.last = timestamp;
    return this.total;
  }

  /**
   * Goes over records at once, of which it is known how long they took, up to the last one.
   * @param lastTimestamp that of the last record in milliseconds, or 0 when there is none.
   */
  pass(seconds: number, lastTimestamp: number): void {
    this.total += seconds;
    if (lastTimestamp > 0) this.last = lastTimestamp;
  }

  /** The timestamp of the last record in milliseconds; 0 when there was none. */
  get lastTimestamp(): number {
    return this.last ?? 0;
  }
}
