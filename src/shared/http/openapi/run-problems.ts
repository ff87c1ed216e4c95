import type { ProblemEntries } from './problem-entry.js';

const RUN = '0199a5a0-7b3e-7d4f-9c1d-3f0f6a2b4c5d';
const STATE = '/srv/revenue-etl/data/client/9f86d081884c7d65.run.json';
const FILE = '/srv/revenue-etl/events.jsonl';
const PROGRESS = {
  running: false,
  runId: RUN,
  line: 400,
  read: 400,
  accepted: 400,
  duplicates: 0,
  invalidTotal: 0,
  bytesRead: 24_000,
  bytesTotal: 60_000,
  ratePerSecond: 12_000,
};

/** Of a run of the client. */
export const RUN_PROBLEMS = {
  EVENTS_FILE_UNREADABLE: {
    statuses: [400, 404],
    detail: `the events file ${FILE} cannot be read (ENOENT); EVENTS_FILE names it`,
  },
  RUN_IN_PROGRESS: {
    statuses: [409],
    detail: 'a run is going on already; GET /generateEvents/progress tells how far it is',
    members: { runId: RUN },
  },
  RUN_FILE_CHANGED: {
    statuses: [409],
    detail: `${FILE} is not the one that the unfinished run began with`,
    members: { runId: RUN, statePath: STATE },
  },
  RUN_TOO_OLD: {
    statuses: [409],
    detail: `events of the run ${RUN} after line 400 may be forgotten (DEDUPE_WINDOW_SECONDS)`,
    members: { runId: RUN, statePath: STATE, line: 400, sentSince: '2026-01-31T12:00:00.000Z' },
  },
  RUN_STATE_UNREADABLE: {
    statuses: [409],
    detail: `the state of the last run, ${STATE}, cannot be used: it is not JSON`,
  },
  CLIENT_SETTING_INVALID: {
    statuses: [500],
    detail: 'INGEST_URL must not hold a user or a password; set INGEST_API_KEY to the key',
  },
  INGEST_UNREACHABLE: {
    statuses: [502],
    detail: 'no answer from http://127.0.0.1:8000/events after 8 attempts: ECONNREFUSED',
    members: { progress: PROGRESS },
  },
  INGEST_REFUSED: {
    statuses: [502],
    detail: 'http://127.0.0.1:8000/events answered 401 KEY_REQUIRED',
    members: { progress: PROGRESS },
  },
  INGEST_ANSWER_UNEXPECTED: {
    statuses: [502],
    detail: 'http://127.0.0.1:9/events answered 200 with something that ingest does not say',
    members: { progress: PROGRESS },
  },
  INGEST_UNAVAILABLE: {
    statuses: [503],
    detail: 'http://127.0.0.1:8000/events took nothing in 8 attempts',
    members: { progress: PROGRESS },
  },
  RUN_STOPPED: {
    statuses: [503],
    detail: 'the application is shutting down and has stopped the run',
    members: { progress: PROGRESS },
  },
  STREAMS_ENDED: { statuses: [503], detail: 'the application is shutting down', retryAfter: 5 },
  STREAMS_FULL: {
    statuses: [503],
    detail: '100 readers follow the progress already; ask without text/event-stream',
    retryAfter: 5,
  },
  RUN_STATE_UNWRITABLE: {
    statuses: [503],
    detail: `the state of the run cannot be written to ${STATE} (ENOSPC)`,
  },
} as const satisfies ProblemEntries;
