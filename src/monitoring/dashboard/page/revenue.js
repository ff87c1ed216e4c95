import { describeError, requestJson } from './api.js';
import { formatRevenue, formatStart, sumOf } from './format.js';
import { BARS } from './revenue-chart.js';
import { RevenueView } from './revenue-view.js';

const HOUR_MS = 3_600_000;

/** When the events of a run may be loaded, by the uptime of the application; null when there was none. @type {number | null} */
let runSeconds = null;

const view = new RevenueView({
  name: 'revenue',
  drawing: BARS,
  words: {
    hour: { title: 'Revenue by hour', when: 'Hour', last: ', so far' },
    day: { title: 'Revenue by day (UTC)', when: 'Day (UTC)', last: ', so far' },
  },
  read,
  explain: (error) => ({ words: describeError(error) }),
});

/** Called with each news of the application. @param {Live} live */
export function followRevenue(live) {
  if (runSeconds !== null && live.uptimeSeconds > runSeconds && live.status.lag.bytes === 0) {
    [runSeconds, view.dueSeconds] = [null, 0];
  }
  view.follow(live);
}

/** A person has sent events, and wants to see them once they are loaded. */
export function expectRevenue() {
  runSeconds = view.uptimeSeconds + 1.5; // the next news may be of before
}

export const paintRevenue = () => view.chart.paint();

export const clearRevenue = () => view.clear();

/**
 * @param {string} range
 * @param {number} nowMs
 */
async function read(range, nowMs) {
  const { bucket, buckets } = await requestJson(`revenue?${queryOf(range, nowMs)}`);
  return { bucket, buckets, summary: summaryOf(bucket, buckets) };
}

/** The hour or day of now is the last one of each. @param {string} range @param {number} nowMs */
function queryOf(range, nowMs) {
  if (range === '30d') return 'bucket=day';
  const from = new Date(nowMs - 47 * HOUR_MS).toISOString();
  return `bucket=hour${range === '48h' ? `&from=${from}` : ''}`;
}

/**
 * @param {'hour' | 'day'} bucket
 * @param {readonly import('./revenue-view.js').Bucket[]} buckets
 */
export function summaryOf(bucket, buckets) {
  const first = buckets[0];
  if (first === undefined) return '';
  const sum = formatRevenue(sumOf(buckets.map(({ revenue }) => revenue)));
  return `${sum} since ${formatStart(bucket, first.from)}`;
}
