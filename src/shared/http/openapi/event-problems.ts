import type { EventErrorCode } from '../../event/event-error-codes.js';
import type { ProblemEntries } from './problem-entry.js';

/** Each reason to refuse one event, and the words that go with it: of one event alone, a 400. */
export const EVENT_PROBLEMS = {
  EVENT_NOT_AN_OBJECT: 'an event is a JSON object, not null',
  PROPERTY_UNKNOWN: 'unknown property "currency": only id, userId, name and value',
  USER_ID_MISSING: 'userId is missing',
  USER_ID_NOT_A_STRING: 'userId must be a string, not a number',
  USER_ID_EMPTY: 'userId must not be empty',
  USER_ID_TOO_LONG: 'userId must have at most 255 code points',
  USER_ID_NOT_STORABLE: 'userId must not hold NUL or half a surrogate pair',
  NAME_MISSING: 'name is missing',
  NAME_UNKNOWN: 'name must be add_revenue or subtract_revenue',
  VALUE_MISSING: 'value is missing',
  VALUE_NOT_A_NUMBER: 'value must be a JSON number, not a string',
  VALUE_NEGATIVE: 'value must not be negative: name says which way it goes',
  VALUE_TOO_LARGE: 'value must be at most 999999999999999',
  VALUE_TOO_PRECISE: 'value must have at most 15 significant digits and 6 decimals',
  ID_NOT_A_STRING: 'id must be a string, not a number',
  ID_EMPTY: 'id must not be empty',
  ID_TOO_LONG: 'id must have at most 128 code points',
  ID_NOT_STORABLE: 'id must not hold NUL or half a surrogate pair',
  ID_REUSED: 'this id was sent before with other content; a new event needs an id of its own',
  ID_RESERVED:
    'ids that begin with "dead-letter:" are those of corrected dead letters; choose another id',
  INVALID_JSON: 'not valid JSON: Unexpected end of JSON input',
  INVALID_UTF8: 'the bytes are not valid UTF-8',
  LINE_TOO_LONG: 'the line is longer than LINE_BYTES_MAX (65536 bytes)',
  CLOUDEVENT_INVALID: 'the attribute source is missing',
  CLOUDEVENT_DATA_ID:
    'the data of a CloudEvent has no id of its own: its source and id are the key',
} as const satisfies Record<EventErrorCode, string>;

/** Of a body. */
export const BODY_PROBLEMS = {
  BODY_INCOMPLETE: { statuses: [400], detail: 'request aborted' },
  BODY_BROKEN: { statuses: [400], detail: 'the body cannot be unpacked: incorrect header check' },
  BODY_TOO_SLOW: {
    statuses: [408],
    detail: 'no byte of the body came for 30 s (BODY_IDLE_SECONDS_MAX, BODY_BYTES_PER_SECOND_MIN)',
  },
  BODY_TOO_LARGE: {
    statuses: [413],
    detail: 'the body is longer than JSON_BODY_BYTES_MAX (10485760 bytes): send it in parts',
  },
  BODY_RATIO_TOO_HIGH: {
    statuses: [413],
    detail: 'the body unpacks to more than BODY_RATIO_MAX (200) times its size',
  },
  ARRAY_TOO_LONG: {
    statuses: [413],
    detail: '100001 items are more than ARRAY_ITEMS_MAX (100000): send them in parts',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    statuses: [415],
    detail: 'Content-Type must be application/json, got "text/plain"',
  },
  ENCODING_UNSUPPORTED: { statuses: [415], detail: 'unsupported content encoding "compress"' },
  RATE_LIMITED: {
    statuses: [429],
    detail: 'the key "shop" may send 1000 events per second (KEY_EVENTS_PER_SECOND_MAX)',
    retryAfter: 1,
  },
  BODIES_FULL: {
    statuses: [503],
    detail: 'the bodies that are being read exceed BODIES_BYTES_MAX (134217728 bytes)',
    retryAfter: 1,
  },
} as const satisfies ProblemEntries;

/** Of events, and of the log that takes them. */
export const LOG_PROBLEMS = {
  QUEUE_FULL: {
    statuses: [429],
    detail: 'more waits for the disk than it may',
    retryAfter: 1,
  },
  LOG_UNAVAILABLE: {
    statuses: [503],
    detail: 'the last write to the log failed',
    retryAfter: 5,
  },
  DISK_FULL: {
    statuses: [503],
    detail: 'less than DISK_FREE_BYTES_MIN is free',
    retryAfter: 5,
  },
  BACKLOG_FULL: {
    statuses: [503],
    detail: 'more than BACKLOG_BYTES_MAX is not loaded yet',
    retryAfter: 5,
  },
  LOG_CLOSED: {
    statuses: [503],
    detail: 'the log is closed, the process is stopping',
    retryAfter: 5,
  },
} as const satisfies ProblemEntries;
