import { json } from '../../shared/http/openapi/answers.js';
import type { AnswerDocs, RouteDocs } from '../../shared/http/openapi/describe-route.js';
import { COUNT, objectOf, orNull, ref, TIME } from '../../shared/http/openapi/schema.js';
import type { LiveStatus } from './live-status.service.js';
import { PAGE_FILES } from './page-files.js';

const file = (description: string, types: readonly string[]): AnswerDocs => ({
  description,
  content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
});

export const PAGE_DOCS: RouteDocs = {
  operationId: 'getDashboard',
  tag: 'Page',
  summary: 'The page for people: how things are, live',
  description: 'It holds no data, and asks the other routes for it.',
  answers: { 200: file('The page.', ['text/html']) },
};

export const FILE_DOCS: RouteDocs = {
  operationId: 'getDashboardFile',
  tag: 'Page',
  summary: 'A file of the page for people',
  parameters: [{ in: 'path', name: 'file', schema: { type: 'string', enum: PAGE_FILES } }],
  answers: { 200: file('The file.', ['text/javascript', 'text/css', 'image/svg+xml']) },
  problems: ['ROUTE_UNKNOWN'],
};

const LIVE: LiveStatus = {
  at: '2026-01-31T12:00:01.000Z',
  uptimeSeconds: 86_400.5,
  readiness: { status: 'ready', failing: [], degraded: [] },
  status: {
    log: { endOffset: 87_412, segments: 1, bytes: 87_412 },
    checkpoint: { offset: 87_412, timestamp: 1_769_860_800_000, events: 1_000 },
    lag: { bytes: 0, seconds: 0 },
    lastLoad: null,
    deadLetters: 0,
  },
  counts: { accepted: 1_000, duplicates: 3, rejected: 1 },
  disk: { freeBytes: 80_000_000_000, totalBytes: 250_000_000_000, freeBytesMin: 67_108_864 },
};

export const LIVE_STATUS_DOCS: RouteDocs = {
  operationId: 'getLiveStatus',
  tag: 'Monitoring',
  summary: 'All that the page shows of the state of things',
  description:
    'JSON, once. With `Accept: text/event-stream`, Server-Sent Events each second for as long as the caller reads, ' +
    'computed once for all readers; at most 64 of them.',
  answers: {
    200: {
      description: 'How things are.',
      content: {
        ...json<LiveStatus>({ description: '', schema: ref('LiveStatus'), example: LIVE }).content,
        'text/event-stream': {
          schema: { type: 'string', description: 'Each `data` is a LiveStatus in JSON.' },
          examples: { example: { value: `data: ${JSON.stringify(LIVE)}\n\n` } },
        },
      },
    },
  },
  problems: ['STREAMS_ENDED', 'STREAMS_FULL'],
  schemas: {
    LiveStatus: objectOf<LiveStatus>({
      at: TIME,
      uptimeSeconds: { type: 'number', minimum: 0, description: 'Of this process.' },
      readiness: ref('Readiness'),
      status: ref('Status'),
      counts: {
        ...objectOf<LiveStatus['counts']>({ accepted: COUNT, duplicates: COUNT, rejected: COUNT }),
        description: 'Of events since the process began, as their senders were told.',
      },
      disk: orNull(
        objectOf<NonNullable<LiveStatus['disk']>>({
          freeBytes: COUNT,
          totalBytes: COUNT,
          freeBytesMin: { ...COUNT, description: 'With less than this free no event is accepted.' },
        }),
      ),
    }),
  },
};
