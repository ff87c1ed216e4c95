import { describeError, requestJson } from './api.js';
import { byId, makeRow, setText } from './dom.js';
import { formatDay, formatHour, formatRevenue, placesOf, sumOf } from './format.js';
import { RevenueChart } from './revenue-chart.js';

/** @typedef {{ from: string, revenue: string }} Bucket an hour or a day, and what was earned in it */

const HOUR_MS = 3_600_000;
/** Sums of hours are no news of the second. */
const EVERY_SECONDS = 60;
const AFTER_FAILURE_SECONDS = 10;

/** What is asked for, by the name of its button. The hour or day of now is the last one of each. */
const QUERIES = {
  '24h': () => 'bucket=hour',
  '48h': () => `bucket=hour&from=${new Date(serverMs - 47 * HOUR_MS).toISOString()}`,
  '30d': () => 'bucket=day',
};

const chart = new RevenueChart(point);
const buttons = [...document.querySelectorAll('#revenue-range button')].filter(
  (button) => button instanceof HTMLButtonElement,
);
const asTable = byId('revenue-as-table');
/** @type {keyof typeof QUERIES} */
let range = '24h';
/** By the clock of the server. */
let serverMs = Date.now();
/** Of the application, which grows evenly. */
let uptimeSeconds = 0;
/** When to ask again, by that. */
let dueSeconds = 0;
/** When the events of a run may be loaded, by the same; null when there was none. @type {number | null} */
let runSeconds = null;
/** The request whose answer is wanted. @type {object | null} */
let wanted = null;
/** What is shown. @type {{ bucket: 'hour' | 'day', buckets: readonly Bucket[] }} */
let shown = { bucket: 'hour', buckets: [] };

export function startRevenue() {
  for (const button of buttons) {
    button.addEventListener('click', () => {
      range = /** @type {keyof typeof QUERIES} */ (button.dataset['range']);
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      void read();
    });
  }
  asTable.addEventListener('click', () => {
    asTable.setAttribute('aria-pressed', String(asTable.getAttribute('aria-pressed') !== 'true'));
    showForm();
  });
}

/** A plot, or for those who cannot see or point the same as a table. */
function showForm() {
  const isTable = asTable.getAttribute('aria-pressed') === 'true';
  const isEmpty = shown.buckets.length === 0;
  asTable.hidden = isEmpty;
  byId('revenue-chart').hidden = isTable || isEmpty;
  byId('revenue-table').hidden = !isTable || isEmpty;
}

/** Called with each news of the application: asks once a minute, while somebody looks. @param {Live} live */
export function followRevenue(live) {
  serverMs = Date.parse(live.at);
  if (live.uptimeSeconds < uptimeSeconds) dueSeconds = 0; // it was started again
  uptimeSeconds = live.uptimeSeconds;
  if (runSeconds !== null && uptimeSeconds > runSeconds && live.status.lag.bytes === 0) {
    [runSeconds, dueSeconds] = [null, 0];
  }
  if (!document.hidden && uptimeSeconds >= dueSeconds) void read();
}

/** A person has sent events, and wants to see them once they are loaded. */
export function expectRevenue() {
  runSeconds = uptimeSeconds + 1.5; // the next news may be of before
}

export const paintRevenue = () => chart.paint();

export function clearRevenue() {
  wanted = null;
  dueSeconds = 0;
  show({ bucket: 'hour', buckets: [] });
  setText(byId('revenue-note'), '');
}

async function read() {
  const mine = {};
  wanted = mine;
  dueSeconds = uptimeSeconds + EVERY_SECONDS;
  try {
    const history = await requestJson(`revenue?${QUERIES[range]()}`);
    if (wanted !== mine) return; // something else is wanted by now
    show(history);
    setText(byId('revenue-note'), '');
  } catch (error) {
    if (wanted !== mine) return;
    dueSeconds = uptimeSeconds + AFTER_FAILURE_SECONDS;
    show({ bucket: shown.bucket, buckets: [] });
    setText(byId('revenue-note'), describeError(error));
  }
}

/** @param {typeof shown} history */
function show(history) {
  shown = history;
  const { bucket, buckets } = history;
  setText(byId('revenue-title'), bucket === 'hour' ? 'Revenue by hour' : 'Revenue by day (UTC)');
  setText(byId('revenue-when'), bucket === 'hour' ? 'Hour' : 'Day (UTC)');
  showForm();
  setText(byId('revenue-sum'), summary());
  chart.show(bucket, buckets);
  const places = placesOf(buckets.map(({ revenue }) => revenue));
  const rows = buckets.map((each) => makeRow([nameOf(each), formatRevenue(each.revenue, places)]));
  byId('revenue-rows').replaceChildren(...rows.reverse()); // the latest is what one looks for
}

function summary() {
  const first = shown.buckets[0];
  if (first === undefined) return '';
  const sum = formatRevenue(sumOf(shown.buckets.map(({ revenue }) => revenue)));
  return `${sum} since ${formatStart(first)}`;
}

/** @param {Bucket} bucket */
const formatStart = ({ from }) =>
  shown.bucket === 'day' ? formatDay(from, 'UTC') : `${formatDay(from)}, ${formatHour(from)}`;

/** @param {Bucket} bucket */
const nameOf = (bucket) =>
  `${formatStart(bucket)}${bucket === shown.buckets.at(-1) ? ', so far' : ''}`;

/** What is under the pointer, in the place of the sum. @param {number | null} index */
function point(index) {
  const bucket = index === null ? undefined : shown.buckets[index];
  byId('revenue-sum').classList.toggle('covered', bucket !== undefined);
  const text = bucket === undefined ? '' : `${nameOf(bucket)}: ${formatRevenue(bucket.revenue)}`;
  setText(byId('revenue-readout'), text);
}
