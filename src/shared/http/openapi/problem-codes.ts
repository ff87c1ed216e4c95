import { BODY_PROBLEMS, EVENT_PROBLEMS, LOG_PROBLEMS } from './event-problems.js';
import type { ProblemEntries, ProblemEntry } from './problem-entry.js';
import { RUN_PROBLEMS } from './run-problems.js';

/** Of any request: who asks, how, and what is not foreseen. */
const ANY_REQUEST = {
  REQUEST_INVALID: { statuses: [400], detail: 'limit must not be greater than 1000' },
  QUERY_INVALID: {
    statuses: [400],
    detail: 'the query has a percent-encoding that is no UTF-8: %ff',
  },
  KEY_REQUIRED: {
    statuses: [401],
    detail: 'a configured key is needed: Authorization: Bearer <key>',
  },
  SCOPE_MISSING: { statuses: [403], detail: 'the key "grafana" lacks the scope "admin"' },
  CROSS_SITE_REQUEST: {
    statuses: [403],
    detail: 'this is not done for another site or ahead of a click',
  },
  ROUTE_UNKNOWN: { statuses: [404], detail: 'Cannot GET /nowhere' },
  METHOD_NOT_ALLOWED: { statuses: [405], detail: 'HEAD does nothing here; use POST or GET' },
  NOT_ACCEPTABLE: { statuses: [406], detail: 'Not Acceptable' },
  REQUEST_TIMEOUT: { statuses: [408], detail: 'Request Timeout' },
  HOST_MISSING: { statuses: [400], detail: 'a request of HTTP/1.1 has a Host header' },
  EXPECTATION_UNSUPPORTED: { statuses: [417], detail: 'the only Expect is 100-continue' },
  HTTP_INVALID: { statuses: [400], detail: 'this is not HTTP: Invalid method encountered' },
  HEADERS_TOO_SLOW: {
    statuses: [408],
    detail: 'the headers did not come within HEADERS_SECONDS_MAX',
  },
  HEADERS_TOO_LARGE: {
    statuses: [431],
    detail: 'the request line and the headers are longer than 16 KiB',
  },
  REQUEST_REFUSED: { statuses: [400], detail: 'Bad Request' },
  HOST_NOT_ALLOWED: {
    statuses: [421],
    detail: 'the Host "evil.test" is not answered here; ALLOWED_HOSTS lists those that are',
  },
  INTERNAL_ERROR: { statuses: [500], detail: 'an unforeseen error, see the log of the server' },
} as const satisfies ProblemEntries;

/** Of what only the database knows. */
const DATABASE = {
  USER_UNKNOWN: { statuses: [404], detail: 'no event of user "nobody" has been loaded' },
  RANGE_TOO_LONG: {
    statuses: [400],
    detail:
      'from and to are 2160 hours apart; ask for at most 1000 at once, or by day (bucket=day)',
  },
  HOURS_ROLLED_UP: {
    statuses: [400],
    detail:
      'hours before 2026-08-23T00:00:00.000Z were rolled up to days: ask by day (bucket=day), or for hours from then on',
    members: { rolledUpBefore: '2026-08-23T00:00:00.000Z' },
  },
  USER_HISTORY_OFF: {
    statuses: [409],
    detail:
      'the revenue of users over time is not kept: set USER_HISTORY=true and start again; it is known from then on, and npm run rebuild fills in the past',
  },
  USER_HISTORY_UNKNOWN: {
    statuses: [409],
    detail:
      'the revenue of users over time is known from 2026-11-23T08:00:00.000Z on: ask from then on, or fill in the past by npm run rebuild',
    members: { knownFrom: '2026-11-23T08:00:00.000Z' },
  },
  TABLE_FOREIGN: {
    statuses: [409],
    detail: 'users_revenue was not made by this system: its column "revenue" is double precision',
  },
  CHECKPOINT_DROPPED: {
    statuses: [409],
    detail: 'load_checkpoint was dropped, so nobody knows what users_revenue holds',
  },
  DEAD_LETTERS_DROPPED: {
    statuses: [409],
    detail: 'dead_letters was dropped, so nobody knows what users_revenue holds',
  },
  DATABASE_AWAY: {
    statuses: [503],
    detail: 'the database does not answer (connecting); events are accepted all the same',
    retryAfter: 2,
  },
  TABLE_MISSING: {
    statuses: [503],
    detail: 'the table users_revenue does not exist yet: call GET /createTable',
    retryAfter: 5,
  },
} as const satisfies ProblemEntries;

const DEAD_LETTERS = {
  DEAD_LETTER_UNKNOWN: { statuses: [404], detail: 'there is no dead letter 12' },
  DEAD_LETTER_IS_RANGE: {
    statuses: [409],
    detail: 'dead letter 12 is a damaged range of the log with many events: restore its file',
  },
  DEAD_LETTER_RESOLVED: {
    statuses: [409],
    detail: 'dead letter 12 is resolved: a corrected event of it is in the balances',
  },
  DEAD_LETTER_CLAIMED: {
    statuses: [409],
    detail: 'another event is on its way for dead letter 12',
    members: { event: { userId: 'abc123', name: 'add_revenue', value: 432 } },
  },
} as const satisfies ProblemEntries;

const PROBLEMS = {
  ...ANY_REQUEST,
  ALL_REJECTED: { statuses: [400], detail: 'all 2 items were rejected' },
  ...BODY_PROBLEMS,
  ...LOG_PROBLEMS,
  ...DATABASE,
  ...DEAD_LETTERS,
  ...RUN_PROBLEMS,
} as const satisfies ProblemEntries;

export type ProblemCode = keyof typeof PROBLEMS | keyof typeof EVENT_PROBLEMS;

const eventEntries = Object.entries(EVENT_PROBLEMS).map(
  ([code, detail]): [string, ProblemEntry] => [code, { statuses: [400], detail }],
);

/**
 * Every code that an answer can have, with its statuses: the only list of them. Each route says by the code what
 * it may answer; a test holds the list to the sources.
 */
export const PROBLEM_CODES = {
  ...PROBLEMS,
  ...Object.fromEntries(eventEntries),
} as unknown as Readonly<Record<ProblemCode, ProblemEntry>>;

/** The reasons to refuse one event. */
export const EVENT_CODES = Object.keys(EVENT_PROBLEMS) as readonly (keyof typeof EVENT_PROBLEMS)[];

/** What the staging log refuses with. */
export const LOG_CODES = Object.keys(LOG_PROBLEMS) as readonly (keyof typeof LOG_PROBLEMS)[];
