import { byId, setText } from './dom.js';
import { formatClock, formatRate } from './format.js';
import { axis, color, HEIGHT, keepWide, line } from './plot.js';

/** What is shown at least, and at most. */
const SECONDS = { min: 60, max: 300 };

/**
 * @param {number} [first]
 * @param {number} [last]
 * @returns {[number, number]}
 */
function span(first, last) {
  const end = last ?? Date.now() / 1000;
  const seconds = Math.min(SECONDS.max, Math.max(SECONDS.min, end - (first ?? end)));
  return [end - seconds, end];
}

/**
 * For those who do not see the plot.
 * @param {string} what
 * @param {readonly (number | null)[]} rates
 */
function extent(what, rates) {
  const known = rates.filter((rate) => rate !== null);
  if (known.length === 0) return `${what} not known`;
  return `${what} ${formatRate(Math.min(...known))} to ${formatRate(Math.max(...known))}`;
}

/** The plot of accepted and loaded events per second. */
export class RateChart {
  constructor() {
    this.box = byId('chart');
    this.readout = byId('chart-readout');
    this.sum = byId('chart-sum');
    /** @type {import('uplot').AlignedData} */
    this.data = [[], [], []];
    this.plot = new uPlot(this.options(), this.data, this.box);
    keepWide(this.plot, this.box);
  }

  /** @param {readonly import('./rates.js').Point[]} points */
  show(points) {
    const accepted = points.map((point) => point.accepted);
    const loaded = points.map((point) => point.loaded);
    this.data = [points.map(({ at }) => at), accepted, loaded];
    const rates = `${extent('accepted', accepted)}, ${extent('loaded', loaded)}`;
    setText(this.sum, points[0] ? `${rates}, since ${formatClock(points[0].at)}` : '');
    if (!document.hidden) this.plot.setData(this.data);
  }

  /** With the colours of the theme of now. */
  paint() {
    this.plot.redraw(false, true);
  }

  /** @returns {import('uplot').Options} */
  options() {
    return {
      width: this.box.clientWidth || 600,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => span(this.data[0].at(0), this.data[0].at(-1)) },
        y: { range: (_, __, max) => [0, Math.max(10, (max || 0) * 1.1)] },
      },
      axes: [
        {
          ...axis(),
          size: 30,
          space: 90,
          values: (_, times) => times.map(formatClock),
        },
        { ...axis(), size: 56, values: (_, rates) => rates.map(formatRate) },
      ],
      series: [{}, { ...line('accepted'), fill: () => `${color('--accepted')}33` }, line('loaded')],
      hooks: { setCursor: [(plot) => this.read(plot.cursor.idx ?? null)] },
    };
  }

  /** What is under the pointer. @param {number | null} index */
  read(index) {
    const at = index === null ? undefined : this.data[0][index];
    if (index === null || at === undefined) {
      setText(this.readout, '');
      return;
    }
    const [accepted, loaded] = [this.data[1]?.[index] ?? null, this.data[2]?.[index] ?? null];
    const rates = `accepted ${formatRate(accepted)}, loaded ${formatRate(loaded)}`;
    setText(this.readout, `${formatClock(at)}: ${rates}`);
  }
}
