import { byId, makeRow, setText } from './dom.js';
import { formatRevenue, formatStart, placesOf } from './format.js';
import { RevenueChart } from './revenue-chart.js';

/** @typedef {{ from: string, revenue: string }} Bucket an hour or a day, and an exact decimal */
/** @typedef {{ bucket: 'hour' | 'day', buckets: readonly Bucket[], summary: string, note?: string }} Shown */
/** @typedef {{ words: string, isFinal?: boolean }} Failure what is shown; final: asking again is of no use */
/**
 * @typedef {object} Kind
 * @property {string} name that the ids of its elements in index.html begin with
 * @property {import('./revenue-chart.js').Drawing} drawing
 * @property {Record<'hour' | 'day', { title: string, when: string, last: string }>} words
 * `when` heads the column of time; `last` is put behind the time of the last one
 * @property {(range: string, nowMs: number) => Promise<Shown>} read by the name of a button, and the clock of the server
 * @property {(error: unknown) => Failure} explain
 */

/** Sums of hours are no news of the second. */
const EVERY_SECONDS = 60;
const AFTER_FAILURE_SECONDS = 10;

/** @type {Shown} */
const NOTHING = { bucket: 'hour', buckets: [], summary: '' };

/** Something by hour or by day: a plot, or for those who cannot see or point the same as a table. Is read once a minute. */
export class RevenueView {
  /** Whether somebody wants to see it. */
  isOpen = true;
  range = '24h';
  /** By the clock of the server. */
  serverMs = Date.now();
  /** Of the application, which grows evenly. */
  uptimeSeconds = 0;
  /** When to ask again, by that. */
  dueSeconds = 0;
  /** The request whose answer is wanted. @type {object | null} */
  wanted = null;
  shown = NOTHING;

  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
    this.asTable = this.part('as-table');
    this.chart = new RevenueChart(this.part('chart'), kind.drawing, (index) => this.point(index));
    const buttons = [...this.part('range').querySelectorAll('button')];
    for (const button of buttons) {
      button.addEventListener('click', () => {
        this.range = button.dataset['range'] ?? '';
        for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
        void this.read();
      });
    }
    this.asTable.addEventListener('click', () => {
      this.asTable.setAttribute('aria-pressed', String(!this.isTable()));
      this.showForm();
    });
  }

  /** @param {string} part of its elements */
  part = (part) => byId(`${this.kind.name}-${part}`);

  isTable = () => this.asTable.getAttribute('aria-pressed') === 'true';

  showForm() {
    const isEmpty = this.shown.buckets.length === 0;
    this.asTable.hidden = isEmpty;
    this.part('chart').hidden = this.isTable() || isEmpty;
    this.part('table').hidden = !this.isTable() || isEmpty;
  }

  /** Called with each news of the application: asks once a minute, while somebody looks. @param {Live} live */
  follow(live) {
    this.serverMs = Date.parse(live.at);
    if (live.uptimeSeconds < this.uptimeSeconds) this.dueSeconds = 0; // it was started again
    this.uptimeSeconds = live.uptimeSeconds;
    if (this.isOpen && !document.hidden && this.uptimeSeconds >= this.dueSeconds) void this.read();
  }

  clear() {
    this.wanted = null;
    this.dueSeconds = 0;
    this.show(NOTHING);
    this.part('range').hidden = false;
  }

  async read() {
    const mine = {};
    this.wanted = mine;
    this.dueSeconds = this.uptimeSeconds + EVERY_SECONDS;
    try {
      const shown = await this.kind.read(this.range, this.serverMs);
      if (this.wanted !== mine) return; // something else is wanted by now
      this.show(shown);
      this.part('range').hidden = false;
    } catch (error) {
      if (this.wanted !== mine) return;
      const { words, isFinal = false } = this.kind.explain(error);
      this.dueSeconds = isFinal ? Infinity : this.uptimeSeconds + AFTER_FAILURE_SECONDS;
      this.show({ ...NOTHING, bucket: this.shown.bucket, note: words });
      this.part('range').hidden = isFinal;
    }
  }

  /** @param {Shown} shown */
  show(shown) {
    this.shown = shown;
    const { bucket, buckets, summary, note = '' } = shown;
    const { title, when } = this.kind.words[bucket];
    setText(this.part('title'), title);
    setText(this.part('when'), when);
    setText(this.part('note'), note);
    this.showForm();
    setText(this.part('sum'), summary);
    this.chart.show(bucket, buckets);
    const places = placesOf(buckets.map(({ revenue }) => revenue));
    const rows = buckets.map((each) =>
      makeRow([this.nameOf(each), formatRevenue(each.revenue, places)]),
    );
    this.part('rows').replaceChildren(...rows.reverse()); // the latest is what one looks for
  }

  /** @param {Bucket} each */
  nameOf(each) {
    const { bucket, buckets } = this.shown;
    const { last } = this.kind.words[bucket];
    return `${formatStart(bucket, each.from)}${each === buckets.at(-1) ? last : ''}`;
  }

  /** What is under the pointer, in the place of the sum. @param {number | null} index */
  point(index) {
    const bucket = index === null ? undefined : this.shown.buckets[index];
    this.part('sum').classList.toggle('covered', bucket !== undefined);
    const text =
      bucket === undefined ? '' : `${this.nameOf(bucket)}: ${formatRevenue(bucket.revenue)}`;
    setText(this.part('readout'), text);
  }
}
