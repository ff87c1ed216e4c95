/** A backward step of at most this many milliseconds is hidden by repeating the last timestamp. */
const CLAMP_MS = 1_000;

/**
 * The wall clock as records see it. Small steps back are clamped; a larger one is followed, counted
 * and told to `onStepBack`. Nothing relies on timestamps being ordered.
 */
export class RecordClock {
  private last = 0;
  private steps = 0;

  constructor(
    private readonly onStepBack: (milliseconds: number) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** Milliseconds since 1970. */
  read(): number {
    const now = this.now();
    const back = this.last - now;
    if (back > 0 && back <= CLAMP_MS) return this.last;
    if (back > CLAMP_MS) {
      this.steps += 1;
      this.onStepBack(back);
    }
    this.last = now;
    return now;
  }

  /** What the last record got, or 0. */
  get latest(): number {
    return this.last;
  }

  /** How often the clock went back by more than the clamp. */
  get stepsBack(): number {
    return this.steps;
  }
}
