import { ApiError, describeError, requestJson } from './api.js';
import { byId } from './dom.js';
import { formatStart, runningSums } from './format.js';
import { STEPPED } from './revenue-chart.js';
import { summaryOf } from './revenue.js';
import { RevenueView } from './revenue-view.js';

/** @typedef {import('./revenue-view.js').Bucket} Bucket */
/**
 * @typedef {object} History of `GET /users/:userId/revenue/history`
 * @property {'hour' | 'day'} bucket
 * @property {string} from
 * @property {readonly Bucket[]} buckets
 * @property {string | null} knownFrom
 */

const STEP_MS = { hour: 3_600_000, day: 86_400_000 };

/** No failure: it is how the application was set up, and the server says what to do. */
const NOT_KEPT = ['USER_HISTORY_OFF', 'USER_HISTORY_UNKNOWN'];
/** Browsers take these for places in a path, however they are written. */
const NO_NAMES = ['.', '..'];

/** Whose balance is shown. @type {string | null} */
let shownUser = null;

const view = new RevenueView({
  name: 'balance',
  drawing: STEPPED,
  words: {
    hour: { title: 'Balance by hour', when: 'At the end of the hour', last: ', so far' },
    day: { title: 'Balance by day (UTC)', when: 'At the end of the day (UTC)', last: ', so far' },
  },
  read: (range) => read(shownUser ?? '', range === '30d' ? 'day' : 'hour'),
  explain,
});
view.isOpen = false;

/** The balance of a user over time; null: of nobody. @param {string | null} userId */
export function openBalance(userId) {
  if (userId === shownUser) return;
  shownUser = userId;
  view.isOpen = userId !== null;
  byId('balance').hidden = userId === null;
  view.clear();
  if (userId !== null) void view.read();
}

/** Called with each news of the application. @param {Live} live */
export const followBalance = (live) => view.follow(live);

export const paintBalance = () => view.chart.paint();

/** @param {unknown} error */
function explain(error) {
  const code = error instanceof ApiError ? error.code : '';
  const words =
    error instanceof ApiError && NOT_KEPT.includes(code)
      ? `${error.message}.`
      : describeError(error);
  return { words, isFinal: code === 'USER_HISTORY_OFF' || code === 'NO_NAME' };
}

/**
 * The balance at the start of what is known, which one statement of the server computes, and what each hour or day added.
 * @param {string} userId
 * @param {'hour' | 'day'} bucket
 */
async function read(userId, bucket) {
  if (NO_NAMES.includes(userId)) {
    const words = 'the balance over time of this user cannot be asked for by a browser.';
    throw new ApiError(0, 'NO_NAME', words);
  }
  const path = `users/${encodeURIComponent(userId.toWellFormed())}/revenue`;
  /** @type {History} */
  const history = await requestJson(`${path}/history?bucket=${bucket}`);
  const { from, buckets, knownFrom } = history;
  const { revenue, exactAt } = await requestJson(`${path}?at=${from}`);
  if (exactAt !== from) throw new ApiError(0, '', 'hours were rolled up to days meanwhile');
  return {
    bucket,
    buckets: balancesOf(history, revenue),
    summary: summaryOf(bucket, buckets),
    note: beginOf(bucket, from, knownFrom),
  };
}

/**
 * First that at the start. An hour is called by its end, a day by its date.
 * @param {History} history
 * @param {string} opening
 * @returns {Bucket[]}
 */
function balancesOf({ bucket, from, buckets }, opening) {
  const balances = runningSums([opening, ...buckets.map(({ revenue }) => revenue)]);
  const first = Date.parse(from) - (bucket === 'day' ? STEP_MS.day : 0);
  return balances.map((revenue, index) => {
    const at = new Date(first + index * STEP_MS[bucket]);
    return { from: at.toISOString(), revenue };
  });
}

/**
 * Where what is known does not reach as far back as what was asked for.
 * @param {'hour' | 'day'} bucket
 * @param {string} from
 * @param {string | null} knownFrom
 */
function beginOf(bucket, from, knownFrom) {
  if (knownFrom === null || Date.parse(knownFrom) <= Date.parse(from) - STEP_MS[bucket]) return '';
  return `It is known from ${formatStart('hour', knownFrom)} on.`;
}
