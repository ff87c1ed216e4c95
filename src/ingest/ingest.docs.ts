import { json } from '../shared/http/openapi/answers.js';
import type { ParameterDocs, RouteDocs } from '../shared/http/openapi/describe-route.js';
import type { MediaObject } from '../shared/http/openapi/problem-answers.js';
import { EVENT_CODES, LOG_CODES, PROBLEM_CODES } from '../shared/http/openapi/problem-codes.js';
import { arrayOf, COUNT, objectOf, ref, TEXT, type Schema } from '../shared/http/openapi/schema.js';

const EVENT = { id: 'inv-17:3', userId: 'abc123', name: 'add_revenue', value: 432 } as const;
const OTHER = { userId: "o'brien", name: 'subtract_revenue', value: 1.5 } as const;
const CLOUD_EVENT = {
  specversion: '1.0',
  type: 'revenue',
  source: '/billing',
  id: 'inv-17:3',
  data: { userId: 'abc123', name: 'add_revenue', value: 432 },
};

const CLOUD_EVENT_TEXT: Schema = { type: 'string', minLength: 1, maxLength: 1_024 };

interface CloudEvent {
  readonly specversion: unknown;
  readonly type: unknown;
  readonly source: unknown;
  readonly id: unknown;
  readonly data: unknown;
  readonly data_base64: unknown;
}

const CLOUD_EVENT_SCHEMA: Schema = {
  ...objectOf<CloudEvent>(
    {
      specversion: { const: '1.0' },
      type: { type: 'string', minLength: 1 },
      source: CLOUD_EVENT_TEXT,
      id: { ...CLOUD_EVENT_TEXT, description: 'With `source` the idempotency key.' },
      data: ref('Correction'),
      data_base64: { type: 'string', contentEncoding: 'base64', description: 'Instead of `data`.' },
    },
    ['data', 'data_base64'],
  ),
  description: 'CloudEvents 1.0. Its `data` is an event without an id; other attributes are left.',
  additionalProperties: true,
};

const NDJSON: MediaObject = {
  schema: {
    type: 'string',
    description: 'An event a line, read as it comes in: lines have a bound, their number has none.',
  },
  examples: { lines: { value: `${JSON.stringify(EVENT)}\n${JSON.stringify(OTHER)}\n` } },
};

const BODY: RouteDocs['body'] = {
  'application/json': {
    schema: { anyOf: [ref('Event'), arrayOf(ref('Event'))] },
    examples: {
      event: { summary: 'One event', value: EVENT },
      events: { summary: 'Several', value: [EVENT, OTHER] },
    },
  },
  'application/x-ndjson': NDJSON,
  'application/ndjson': NDJSON,
  'application/jsonl': NDJSON,
  'application/cloudevents+json': {
    schema: ref('CloudEvent'),
    examples: { event: { value: CLOUD_EVENT } },
  },
  'application/cloudevents-batch+json': {
    schema: arrayOf(ref('CloudEvent')),
    examples: { events: { value: [CLOUD_EVENT] } },
  },
};

const binaryMode = (name: string, schema: Schema): ParameterDocs => ({
  in: 'header',
  name: `ce-${name}`,
  description: 'Of a CloudEvent in binary mode, whose body is the event in JSON, without an id.',
  schema,
});

const PARAMETERS: readonly ParameterDocs[] = [
  {
    in: 'header',
    name: 'Content-Encoding',
    description: '`zstd` where Node.js has it.',
    schema: { type: 'string', enum: ['gzip', 'deflate', 'br', 'zstd'] },
  },
  binaryMode('specversion', { const: '1.0' }),
  binaryMode('type', { type: 'string', minLength: 1 }),
  binaryMode('source', CLOUD_EVENT_TEXT),
  binaryMode('id', CLOUD_EVENT_TEXT),
];

interface Counts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly unknown[];
}

const COUNTS = {
  accepted: COUNT,
  duplicates: { ...COUNT, description: 'Stored before, and counted once: a success, too.' },
  rejected: { ...arrayOf(ref('Rejection')), description: 'The first REJECTED_ITEMS_MAX.' },
};

interface PartlyAccepted extends Counts {
  readonly rejectedTotal: number;
  readonly read?: number;
  readonly stopped?: {
    readonly code: string;
    readonly detail: string;
    readonly retryAfter?: number;
  };
}

const SCHEMAS = {
  CloudEvent: CLOUD_EVENT_SCHEMA,
  Accepted: objectOf<Counts>({ ...COUNTS, rejected: { ...COUNTS.rejected, maxItems: 0 } }),
  PartlyAccepted: objectOf<PartlyAccepted>(
    {
      ...COUNTS,
      rejectedTotal: COUNT,
      read: {
        ...COUNT,
        description: 'Of a stream that was stopped: send again from this item on.',
      },
      stopped: objectOf<NonNullable<PartlyAccepted['stopped']>>(
        { code: ref('ProblemCode'), detail: TEXT, retryAfter: COUNT },
        ['retryAfter'],
      ),
    },
    ['read', 'stopped'],
  ),
};

const REJECTION = {
  index: 1,
  code: 'VALUE_NEGATIVE',
  message: PROBLEM_CODES.VALUE_NEGATIVE.detail,
};

const PARTLY: Readonly<Record<string, { summary: string; value: PartlyAccepted }>> = {
  rejections: {
    summary: 'Some items were rejected',
    value: { accepted: 1, duplicates: 0, rejected: [REJECTION], rejectedTotal: 1 },
  },
  stopped: {
    summary: 'A stream was stopped half-way',
    value: {
      ...{ accepted: 5_000, duplicates: 0, rejected: [], rejectedTotal: 0, read: 5_000 },
      stopped: { code: 'QUEUE_FULL', detail: PROBLEM_CODES.QUEUE_FULL.detail, retryAfter: 1 },
    },
  },
};

/** What became of the items, in a problem: nothing is stored. */
function membersOf(code: string): Readonly<Record<string, unknown>> {
  const item = (EVENT_CODES as readonly string[]).includes(code);
  const codes = code === 'ALL_REJECTED' ? ['VALUE_NEGATIVE', 'NAME_UNKNOWN'] : item ? [code] : [];
  const rejected = codes.map((its, index) => ({ index, code: its, message: messageOf(its) }));
  return { accepted: 0, duplicates: 0, rejected, rejectedTotal: rejected.length };
}

const messageOf = (code: string): string =>
  PROBLEM_CODES[code as keyof typeof PROBLEM_CODES].detail;

export const EVENTS_DOCS: RouteDocs = {
  operationId: 'sendEvents',
  tag: 'Events',
  summary: 'Send events: one, several, or a stream of them',
  description:
    '202 means that the accepted events are on the disk. An event with an `id` counts once however often it is ' +
    'sent. One bad item harms no other. With problems, nothing of the request is stored.',
  parameters: PARAMETERS,
  body: BODY,
  answers: {
    202: json<Counts>({
      description: 'All were taken.',
      schema: ref('Accepted'),
      example: { accepted: 1, duplicates: 0, rejected: [] },
    }),
    207: {
      description: 'Some were taken: `rejected` and `stopped` say which were not.',
      content: { 'application/json': { schema: ref('PartlyAccepted'), examples: PARTLY } },
    },
  },
  problems: [
    ...(['ALL_REJECTED', 'BODY_INCOMPLETE', 'BODY_BROKEN'] as const),
    ...(['BODY_TOO_SLOW', 'BODY_TOO_LARGE', 'BODY_RATIO_TOO_HIGH', 'ARRAY_TOO_LONG'] as const),
    ...(['MEDIA_TYPE_UNSUPPORTED', 'ENCODING_UNSUPPORTED', 'RATE_LIMITED', 'BODIES_FULL'] as const),
    ...EVENT_CODES,
    ...LOG_CODES,
  ],
  problemMembers: membersOf,
  schemas: SCHEMAS,
};
