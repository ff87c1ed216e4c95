import { json } from '../shared/http/openapi/answers.js';
import type { RouteDocs } from '../shared/http/openapi/describe-route.js';
import { arrayOf, COUNT, objectOf, ref, TEXT } from '../shared/http/openapi/schema.js';
import type { InvalidLine, RunProgress, RunSummary } from './client.port.js';

const RUN_ID = { ...TEXT, description: 'The ids of its events begin with it.' };

const SCHEMAS = {
  RunSummary: objectOf<RunSummary>({
    runId: RUN_ID,
    read: { ...COUNT, description: 'Lines that are not blank.' },
    accepted: COUNT,
    duplicates: COUNT,
    invalid: { ...arrayOf(ref('InvalidLine')), maxItems: 1_000 },
    invalidTotal: { ...COUNT, description: '`invalid` names the first 1,000.' },
    durationMs: { type: 'number', minimum: 0, description: 'Of this call.' },
  }),
  InvalidLine: objectOf<InvalidLine>({
    line: { type: 'integer', minimum: 1, description: 'From 1, blank lines included.' },
    code: TEXT,
    message: TEXT,
  }),
  RunProgress: objectOf<RunProgress>({
    running: { type: 'boolean' },
    runId: { type: ['string', 'null'], description: 'Null before the first run.' },
    line: { ...COUNT, description: 'Every line up to it has been answered.' },
    read: COUNT,
    accepted: COUNT,
    duplicates: COUNT,
    invalidTotal: COUNT,
    bytesRead: COUNT,
    bytesTotal: { ...COUNT, description: 'The size of the file; 0 before it is opened.' },
    ratePerSecond: { type: 'number', minimum: 0, description: 'Events of this call.' },
  }),
};

const SUMMARY: RunSummary = {
  runId: '0199a5a0-7b3e-7d4f-9c1d-3f0f6a2b4c5d',
  read: 1_000,
  accepted: 998,
  duplicates: 0,
  invalid: [
    { line: 17, code: 'VALUE_NEGATIVE', message: 'value must not be negative' },
    { line: 400, code: 'INVALID_JSON', message: 'not valid JSON: Unexpected end of JSON input' },
  ],
  invalidTotal: 2,
  durationMs: 84,
};

const PROGRESS: RunProgress = {
  running: true,
  runId: SUMMARY.runId,
  line: 400,
  read: 420,
  accepted: 399,
  duplicates: 0,
  invalidTotal: 1,
  bytesRead: 26_214,
  bytesTotal: 60_000,
  ratePerSecond: 12_000,
};

export const GENERATE_EVENTS_DOCS: RouteDocs = {
  operationId: 'generateEvents',
  tag: 'Client',
  summary: 'Send the whole events file to ingest',
  description:
    'Answers when the run has ended, however long that takes. An interrupted run goes on with the next call; a ' +
    'finished one that is called again counts the file again. Whoever disconnects leaves the run going.',
  answers: {
    200: json<RunSummary>({
      description: 'Every valid line is durable.',
      schema: ref('RunSummary'),
      example: SUMMARY,
    }),
  },
  problems: [
    'EVENTS_FILE_UNREADABLE',
    'RUN_IN_PROGRESS',
    'RUN_FILE_CHANGED',
    'RUN_TOO_OLD',
    'RUN_STATE_UNREADABLE',
    'CLIENT_SETTING_INVALID',
    'INGEST_UNREACHABLE',
    'INGEST_REFUSED',
    'INGEST_ANSWER_UNEXPECTED',
    'INGEST_UNAVAILABLE',
    'RUN_STOPPED',
    'RUN_STATE_UNWRITABLE',
  ],
  schemas: SCHEMAS,
};

/** The same, for who would rather not change something by a GET. */
export const GENERATE_EVENTS_POST_DOCS: RouteDocs = {
  ...GENERATE_EVENTS_DOCS,
  operationId: 'generateEventsByPost',
};

const STREAM = `data: ${JSON.stringify(PROGRESS)}\n\n`;

export const PROGRESS_DOCS: RouteDocs = {
  operationId: 'getRunProgress',
  tag: 'Client',
  summary: 'How far the run is',
  description:
    'JSON, once. With `Accept: text/event-stream`, Server-Sent Events for as long as the caller reads.',
  answers: {
    200: {
      description: 'Where the run stands, or where the last one ended.',
      content: {
        ...json<RunProgress>({
          description: '',
          schema: ref('RunProgress'),
          example: PROGRESS,
        }).content,
        'text/event-stream': {
          schema: { type: 'string', description: 'Each `data` is a RunProgress in JSON.' },
          examples: { example: { value: STREAM } },
        },
      },
    },
  },
  problems: ['STREAMS_ENDED', 'STREAMS_FULL'],
};
