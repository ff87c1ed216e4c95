/** What is known of a distribution: how many values fell where, and their sum. */
export interface HistogramFigures {
  /** Ascending, inclusive. */
  readonly bounds: readonly number[];
  /** Up to each bound and above the one before, and at last those above all. */
  readonly counts: Readonly<Float64Array>;
  readonly sum: number;
}

/** Seconds that something takes which is to be done within milliseconds. */
export const LATENCY_SECONDS = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025],
  ...[0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** Takes values in without an allocation, so that it can be fed where every microsecond counts. */
export class Histogram implements HistogramFigures {
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds ascending, in the unit of the values */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** @param times how often the value came */
  observe(value: number, times = 1): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1;
    counts[at] = (counts[at] ?? 0) + times;
    this.sum += value * times;
  }
}
