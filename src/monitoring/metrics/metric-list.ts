import { API_VERSION } from '../../shared/http/openapi/build-document.js';
import type { ByLabel, Metric } from './metric.js';

type Numbers = Readonly<Record<string, number>>;
const entries = (numbers: Numbers): ByLabel => Object.entries(numbers);
const flag = (is: boolean): number => (is ? 1 : 0);

const EVENTS: readonly Metric[] = [
  {
    ...{ name: 'events_accepted_total', type: 'counter' },
    help: 'Events that were answered as accepted: durable in the log.',
    read: ({ events }) => events.accepted,
  },
  {
    ...{ name: 'events_duplicate_total', type: 'counter' },
    help: 'Events that were stored before, recognised by their ids.',
    read: ({ events }) => events.duplicates,
  },
  {
    ...{ name: 'events_rejected_total', type: 'counter', label: 'code' },
    help: 'Events that break a rule, by the code that their sender was answered.',
    readAll: ({ events }) => events.rejected,
  },
  {
    ...{ name: 'ingest_body_bytes_total', type: 'counter' },
    help: 'Bytes of bodies with events that were read, unpacked.',
    read: ({ events }) => events.bodyBytes,
  },
  {
    ...{ name: 'ingest_requests_total', type: 'counter', label: 'form' },
    help: 'Requests with events that were let in, by the form of their bodies.',
    readAll: ({ events }) => entries(events.requests),
  },
  {
    ...{ name: 'ingest_answers_total', type: 'counter', label: 'status' },
    help: 'Answers to requests with events, by status.',
    readAll: ({ events }) => entries(events.answers),
  },
  {
    ...{ name: 'ingest_refusals_total', type: 'counter', label: 'code' },
    help: 'Requests with events that were refused as a whole or stopped half-way, by code.',
    readAll: ({ events }) => events.refused,
  },
];

const LOG: readonly Metric[] = [
  {
    ...{ name: 'log_append_seconds', type: 'histogram' },
    help: 'From the call of an append to its being durable; of a commit, the time of its first append.',
    readFigures: ({ log }) => log.appendSeconds,
  },
  {
    ...{ name: 'log_sync_seconds', type: 'histogram' },
    help: 'Duration of fdatasync, once a commit.',
    readFigures: ({ log }) => log.syncSeconds,
  },
  {
    ...{ name: 'log_queue_bytes', type: 'gauge' },
    help: 'Bytes that wait for the disk.',
    read: ({ log }) => log.queue.bytes,
  },
  {
    ...{ name: 'log_queue_appends', type: 'gauge' },
    help: 'Appends that wait for the disk.',
    read: ({ log }) => log.queue.appends,
  },
  {
    ...{ name: 'log_end_offset', type: 'gauge' },
    help: 'Where what is durable ends.',
    read: ({ endOffset }) => endOffset,
  },
  {
    ...{ name: 'log_segments', type: 'gauge' },
    help: 'Segments of the log, archived ones among them.',
    read: ({ size }) => size.segments,
  },
  {
    ...{ name: 'log_bytes', type: 'gauge' },
    help: 'Bytes of records from the first one of the log to its end, as before archiving.',
    read: ({ size }) => size.bytes,
  },
  {
    ...{ name: 'log_segments_retired_total', type: 'counter', label: 'action' },
    help: 'Segments that retention took away, by what became of them.',
    readAll: ({ log }) => entries(log.retired),
  },
  {
    ...{ name: 'log_clock_steps_back_total', type: 'counter' },
    help: 'Steps back of the wall clock by more than a second, which timestamps followed.',
    read: ({ log }) => log.clockStepsBack,
  },
  {
    ...{ name: 'dedupe_ids', type: 'gauge' },
    help: 'Ids of events that are remembered.',
    read: ({ log }) => log.ids.remembered,
  },
  {
    ...{ name: 'dedupe_window_seconds', type: 'gauge' },
    help: 'For how long an id is remembered for certain.',
    read: ({ log }) => log.ids.windowSeconds,
  },
  {
    ...{ name: 'dedupe_window_configured_seconds', type: 'gauge' },
    help: 'DEDUPE_WINDOW_SECONDS.',
    read: ({ config }) => config.dedupeWindowSeconds,
  },
  {
    ...{ name: 'disk_free_bytes', type: 'gauge' },
    help: 'What may still be written to the file system of the log.',
    read: ({ disk }) => disk?.freeBytes ?? null,
  },
  {
    ...{ name: 'disk_size_bytes', type: 'gauge' },
    help: 'Size of the file system of the log.',
    read: ({ disk }) => disk?.totalBytes ?? null,
  },
  {
    ...{ name: 'disk_free_min_bytes', type: 'gauge' },
    help: 'DISK_FREE_BYTES_MIN, below which events are refused.',
    read: ({ config }) => config.diskFreeBytesMin,
  },
];

const LOAD: readonly Metric[] = [
  {
    ...{ name: 'checkpoint_offset', type: 'gauge' },
    help: 'Up to where the log is loaded.',
    read: ({ checkpoint }) => checkpoint?.offset ?? null,
  },
  {
    ...{ name: 'lag_bytes', type: 'gauge' },
    help: 'What is durable and not loaded.',
    read: ({ lag }) => lag.bytes,
  },
  {
    ...{ name: 'lag_seconds', type: 'gauge' },
    help: 'Age of the oldest event that is not loaded; 0 when there is none.',
    read: ({ lag }) => lag.seconds,
  },
  {
    ...{ name: 'lag_max_seconds', type: 'gauge' },
    help: 'LAG_SECONDS_MAX, beyond which the process calls itself degraded.',
    read: ({ config }) => config.lagSecondsMax,
  },
  {
    ...{ name: 'load_seconds', type: 'histogram' },
    help: 'Duration of committed loads: reading, folding, committing.',
    readFigures: ({ loads }) => loads.seconds,
  },
  {
    ...{ name: 'load_batch_events', type: 'histogram' },
    help: 'Events of committed loads.',
    readFigures: ({ loads }) => loads.batchEvents,
  },
  {
    ...{ name: 'load_batch_users', type: 'histogram' },
    help: 'Users of committed loads.',
    readFigures: ({ loads }) => loads.batchUsers,
  },
  {
    ...{ name: 'loaded_events_total', type: 'counter' },
    help: 'Events that were added to balances.',
    read: ({ loads }) => loads.events,
  },
  {
    ...{ name: 'users_inserted_total', type: 'counter' },
    help: 'Balances that loads began.',
    read: ({ loads }) => loads.inserted,
  },
  {
    ...{ name: 'users_updated_total', type: 'counter' },
    help: 'Balances that loads changed, once a load each.',
    read: ({ loads }) => loads.updated,
  },
  {
    ...{ name: 'load_failing', type: 'gauge' },
    help: '1 while the last attempt to load failed, or nothing may be loaded.',
    read: ({ loadFailing }) => flag(loadFailing),
  },
  {
    ...{ name: 'load_failures_total', type: 'counter', label: 'sqlstate_class' },
    help: 'Runs of loads that failed, by the class of the SQLSTATE.',
    readAll: ({ loads }) => loads.failures,
  },
  {
    ...{ name: 'load_retries_total', type: 'counter', label: 'sqlstate' },
    help: 'Transactions of loads that were run again at once, by SQLSTATE.',
    readAll: ({ loads }) => loads.retries,
  },
  {
    ...{ name: 'dead_letters_stored_total', type: 'counter' },
    help: 'Records that loads could not use.',
    read: ({ loads }) => loads.deadLetters,
  },
  {
    ...{ name: 'dead_letters_open', type: 'gauge' },
    help: 'Dead letters in the database that wait for somebody, those of other logs, too.',
    read: ({ deadLettersOpen }) => deadLettersOpen,
  },
  {
    ...{ name: 'dead_letter_claims_unfinished', type: 'gauge' },
    help: 'Dead letters in the database that were claimed over 5 minutes ago, and whose corrected events are not loaded.',
    read: ({ claimsUnfinished }) => claimsUnfinished,
  },
];

const PROCESS: readonly Metric[] = [
  {
    ...{ name: 'ready', type: 'gauge' },
    help: '1 while the process is ready: GET /health/ready answers 200.',
    read: ({ ready }) => flag(ready),
  },
  {
    ...{ name: 'database_up', type: 'gauge' },
    help: '1 when the database answered this scrape in time.',
    read: ({ databaseUp }) => flag(databaseUp),
  },
  {
    ...{ name: 'build_info', type: 'gauge', label: 'version' },
    help: 'Always 1: the version that runs.',
    readAll: () => [[API_VERSION, 1]],
  },
];

/** All metrics but those of Node.js itself. docs/metrics.md says what to make of each. */
export const METRICS: readonly Metric[] = [...EVENTS, ...LOG, ...LOAD, ...PROCESS];
