import { formatDay, formatHour, formatShort } from './format.js';
import { axis, color, HEIGHT, keepWide, line } from './plot.js';

/** @typedef {import('./revenue-view.js').Bucket} Bucket */
/**
 * @typedef {object} Drawing how the numbers of all buckets are drawn
 * @property {() => import('uplot').Series[]} series
 * @property {(numbers: number[]) => (number | null)[][]} columns of the series, in their order
 */

/** Of a label below the plot, with the space to the next one. */
const LABEL_PIXELS = 56;
/** Labels stand at each such hour of the day, or day, whichever is the first with enough room. */
const STEPS = { hour: [1, 2, 3, 6, 12, 24], day: [1, 2, 5, 10, 15, 30] };

/** A bar each, of which the last one is not complete. @type {Drawing} */
export const BARS = {
  series: () => [
    bars(() => color('--accepted')),
    bars(() => color('--bad')),
    bars(({ data }) => `${color((data[3]?.at(-1) ?? 0) < 0 ? '--bad' : '--accepted')}80`),
  ],
  columns: (sums) => {
    const last = sums.length - 1;
    return [
      sums.map((sum, index) => (sum >= 0 && index < last ? sum : null)),
      sums.map((sum, index) => (sum < 0 && index < last ? sum : null)),
      sums.map((sum, index) => (index === last ? sum : null)),
    ];
  },
};

/** A line of what holds until it is known anew. @type {Drawing} */
export const STEPPED = {
  series: () => [{ ...line('accepted'), paths: uPlot.paths.stepped?.({ align: 1 }) }],
  columns: (balances) => [balances],
};

/** A plot by hour or by day, in the order of time, and at even distances whatever the clocks do. */
export class RevenueChart {
  /**
   * @param {HTMLElement} box
   * @param {Drawing} drawing
   * @param {(index: number | null) => void} onPoint what the pointer is on, by its number
   */
  constructor(box, drawing, onPoint) {
    this.drawing = drawing;
    this.onPoint = onPoint;
    /** @type {'hour' | 'day'} */
    this.bucket = 'hour';
    /** @type {readonly Bucket[]} */
    this.buckets = [];
    this.plot = new uPlot(this.options(box.clientWidth || 500), [[], ...drawing.columns([])], box);
    keepWide(this.plot, box);
  }

  /**
   * @param {'hour' | 'day'} bucket
   * @param {readonly Bucket[]} buckets the last one is that of now
   */
  show(bucket, buckets) {
    this.bucket = bucket;
    this.buckets = buckets;
    const numbers = buckets.map(({ revenue }) => Number(revenue)); // near enough for pixels
    this.plot.setData([numbers.map((_, index) => index), ...this.drawing.columns(numbers)]);
  }

  /** With the colours of the theme of now. */
  paint() {
    this.plot.redraw(false, true);
  }

  /**
   * @param {number} width
   * @returns {import('uplot').Options}
   */
  options(width) {
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [-0.5, Math.max(1, this.buckets.length) - 0.5] },
        y: { range: (_, min, max) => rangeOf(min ?? 0, max ?? 0) },
      },
      axes: [
        {
          ...axis(),
          grid: { show: false },
          size: 30,
          splits: (plot) => this.labelled(plot.width - 70),
          values: (_, indexes) => indexes.map((index) => this.label(index)),
        },
        { ...axis(), size: 56, values: (_, sums) => sums.map(formatShort) },
      ],
      series: [{}, ...this.drawing.series()],
      hooks: { setCursor: [({ cursor }) => this.onPoint(cursor.idx ?? null)] },
    };
  }

  /** @param {number} pixels that there are for labels */
  labelled(pixels) {
    const room = Math.max(1, Math.floor(pixels / LABEL_PIXELS));
    const { length } = this.buckets;
    const step = STEPS[this.bucket].find((each) => length / each <= room) ?? length;
    const isLabelled = (/** @type {Bucket} */ { from }, /** @type {number} */ index) =>
      this.bucket === 'hour'
        ? new Date(from).getHours() % step === 0
        : (length - 1 - index) % step === 0;
    return this.buckets.flatMap((bucket, index) => (isLabelled(bucket, index) ? [index] : []));
  }

  /** @param {number} index */
  label(index) {
    const bucket = this.buckets[index];
    if (bucket === undefined) return '';
    if (this.bucket === 'day') return formatDay(bucket.from, 'UTC');
    const isMidnight = new Date(bucket.from).getHours() === 0;
    return isMidnight ? formatDay(bucket.from) : formatHour(bucket.from);
  }
}

/** @param {(plot: import('uplot')) => string} fill @returns {import('uplot').Series} */
const bars = (fill) => ({
  fill,
  width: 0,
  points: { show: false },
  paths: uPlot.paths.bars?.({ size: [0.75, 48] }),
});

/**
 * With 0 in it, and never empty.
 * @param {number} min
 * @param {number} max
 * @returns {[number, number]}
 */
function rangeOf(min, max) {
  const [low, high] = [Math.min(0, min * 1.1), Math.max(0, max * 1.1)];
  return low === high ? [0, 1] : [low, high];
}
