import { json } from '../shared/http/openapi/answers.js';
import type { ParameterDocs, RouteDocs } from '../shared/http/openapi/describe-route.js';
import { EVENT_CODES, LOG_CODES } from '../shared/http/openapi/problem-codes.js';
import {
  arrayOf,
  COUNT,
  objectOf,
  OFFSET,
  orNull,
  ref,
  TEXT,
  TIME,
  UUID,
} from '../shared/http/openapi/schema.js';
import { DEAD_LETTER_STATES } from './dead-letters.query.js';
import type { DeadLetterDetails, DeadLetterView, ResubmissionView } from './read-dead-letters.js';
import type { Resubmitted } from './resubmit.service.js';

const LETTER: DeadLetterView = {
  id: '12',
  logId: '6d0f1e9a-3c52-4d7e-9a41-0b8f5c2d7e10',
  offset: 4_711,
  length: 80,
  code: 'VALUE_NOT_A_NUMBER',
  message: 'value must be a JSON number, not a string',
  state: 'open',
  createdAt: '2026-01-31T12:00:00.000Z',
  raw: '{"timestamp":1769860800000,"userId":"abc123","name":"add_revenue","value":"432"}',
  truncated: false,
};

const VIEW = {
  id: { type: 'string', pattern: '^\\d{1,18}$' },
  logId: UUID,
  offset: OFFSET,
  length: { ...COUNT, description: 'Of all of it in the log, in bytes.' },
  code: { ...TEXT, description: 'The rule that it breaks, or what the damage is.' },
  message: TEXT,
  state: { type: 'string', enum: DEAD_LETTER_STATES },
  createdAt: TIME,
  raw: { ...TEXT, description: 'Its first bytes as text; U+FFFD for what is not UTF-8.' },
  truncated: { type: 'boolean', description: 'Whether it is longer than what `raw` shows.' },
} as const;

const SCHEMAS = {
  DeadLetter: objectOf<DeadLetterView>(VIEW),
  DeadLettersPage: objectOf<{ deadLetters: unknown; next: unknown }>({
    deadLetters: arrayOf(ref('DeadLetter')),
    next: {
      type: ['string', 'null'],
      description: 'What to pass as `after` for the next page; null on the last one.',
    },
  }),
  DeadLetterDetails: objectOf<DeadLetterDetails>({
    ...VIEW,
    base64: {
      type: 'string',
      contentEncoding: 'base64',
      description: 'The bytes that are kept, at most 64 KiB.',
    },
    resubmission: orNull(ref('Resubmission')),
  }),
  Resubmission: objectOf<ResubmissionView>({
    event: ref('Correction'),
    claimedBy: { ...orNull(UUID), description: 'The log that it is sent to.' },
    claimedAt: TIME,
    loaded: {
      ...orNull(
        objectOf<NonNullable<ResubmissionView['loaded']>>({
          logId: UUID,
          offset: OFFSET,
          at: TIME,
        }),
      ),
      description: 'The record that counts; null before it is loaded.',
    },
  }),
};

const DATABASE_PROBLEMS = ['DATABASE_AWAY', 'TABLE_MISSING'] as const;

const ID: ParameterDocs = { in: 'path', name: 'id', schema: { ...VIEW.id, examples: [LETTER.id] } };

export const LIST_DOCS: RouteDocs = {
  operationId: 'listDeadLetters',
  tag: 'Dead letters',
  summary: 'Records that can never be loaded',
  parameters: [
    {
      in: 'query',
      name: 'limit',
      schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
    },
    {
      in: 'query',
      name: 'after',
      schema: VIEW.id,
      description: 'The `next` of the page before.',
    },
    { in: 'query', name: 'state', schema: VIEW.state },
  ],
  answers: {
    200: json({
      description: 'A page, the newest last.',
      schema: ref('DeadLettersPage'),
      example: { deadLetters: [LETTER], next: null },
    }),
  },
  problems: ['REQUEST_INVALID', 'QUERY_INVALID', ...DATABASE_PROBLEMS],
  schemas: SCHEMAS,
};

const DETAILS: DeadLetterDetails = {
  ...LETTER,
  base64: Buffer.from(LETTER.raw).toString('base64'),
  resubmission: null,
};

export const DETAILS_DOCS: RouteDocs = {
  operationId: 'getDeadLetter',
  tag: 'Dead letters',
  summary: 'One dead letter, with all bytes that are kept',
  parameters: [ID],
  answers: {
    200: json<DeadLetterDetails>({
      description: 'The dead letter, and the event that corrects it, if there is one.',
      schema: ref('DeadLetterDetails'),
      example: DETAILS,
    }),
  },
  problems: ['REQUEST_INVALID', 'DEAD_LETTER_UNKNOWN', ...DATABASE_PROBLEMS],
};

const CORRECTED = { userId: 'abc123', name: 'add_revenue', value: 432 } as const;

/** Those that have no meaning for one corrected event, whose id is given to it. */
const NOT_HERE: readonly string[] = [
  ...['ID_NOT_A_STRING', 'ID_EMPTY', 'ID_TOO_LONG', 'ID_NOT_STORABLE', 'ID_REUSED', 'ID_RESERVED'],
  ...['LINE_TOO_LONG', 'CLOUDEVENT_INVALID', 'CLOUDEVENT_DATA_ID'],
];

export const RESUBMIT_DOCS: RouteDocs = {
  operationId: 'resubmitDeadLetter',
  tag: 'Dead letters',
  summary: 'Send what a dead letter should have been',
  description:
    'The corrected event counts once, however often it is sent, and whatever happens to the process. The dead ' +
    'letter is resolved when it is loaded.',
  parameters: [ID],
  body: {
    'application/json': {
      schema: ref('Correction'),
      examples: { correction: { value: CORRECTED } },
    },
  },
  answers: {
    202: json<Resubmitted>({
      description: 'The event is on its way.',
      schema: objectOf<Resubmitted>({
        id: VIEW.id,
        state: { const: 'claimed' },
        event: ref('Correction'),
      }),
      example: { id: '12', state: 'claimed', event: CORRECTED },
    }),
  },
  problems: [
    ...([
      'REQUEST_INVALID',
      'BODY_TOO_SLOW',
      'BODY_INCOMPLETE',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ] as const),
    ...([
      'ENCODING_UNSUPPORTED',
      'BODIES_FULL',
      'DEAD_LETTER_UNKNOWN',
      'DEAD_LETTER_IS_RANGE',
    ] as const),
    ...(['DEAD_LETTER_RESOLVED', 'DEAD_LETTER_CLAIMED'] as const),
    ...EVENT_CODES.filter((code) => !NOT_HERE.includes(code)),
    ...LOG_CODES,
    ...DATABASE_PROBLEMS,
  ],
};
