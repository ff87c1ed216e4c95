import { json } from '../shared/http/openapi/answers.js';
import type { RouteDocs } from '../shared/http/openapi/describe-route.js';
import {
  arrayOf,
  COUNT,
  objectOf,
  OFFSET,
  ref,
  TIME,
  UUID,
} from '../shared/http/openapi/schema.js';
import type { LoadReport } from './load-report.js';
import type { StoredLoad } from './past-loads.js';

const REPORT = {
  fromOffset: OFFSET,
  toOffset: OFFSET,
  events: COUNT,
  users: { ...COUNT, description: 'Distinct ones of this load.' },
  inserted: { ...COUNT, description: 'Users who got their first row.' },
  updated: COUNT,
  deadLetters: COUNT,
  durationMs: { type: 'number', minimum: 0 },
  committedAt: TIME,
} as const;

const LOAD: StoredLoad = {
  id: 7,
  logId: '6d0f1e9a-3c52-4d7e-9a41-0b8f5c2d7e10',
  fromOffset: 0,
  toOffset: 87_412,
  events: 1_000,
  users: 100,
  inserted: 100,
  updated: 0,
  deadLetters: 0,
  durationMs: 12,
  committedAt: '2026-01-31T12:00:00.000Z',
};

export const LOADS_DOCS: RouteDocs = {
  operationId: 'listLoads',
  tag: 'Monitoring',
  summary: 'Committed loads, the newest first',
  parameters: [
    {
      in: 'query',
      name: 'limit',
      schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
    },
    {
      in: 'query',
      name: 'before',
      schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      description: 'The `next` of the page before.',
    },
  ],
  answers: {
    200: json({
      description: 'A page of the history of all logs that feed this database.',
      schema: ref('LoadsPage'),
      example: { loads: [LOAD], next: 7 },
    }),
  },
  problems: ['REQUEST_INVALID', 'QUERY_INVALID', 'DATABASE_AWAY', 'TABLE_MISSING'],
  schemas: {
    LoadReport: objectOf<LoadReport>(REPORT),
    StoredLoad: objectOf<StoredLoad>({
      id: { type: 'integer', minimum: 1 },
      logId: UUID,
      ...REPORT,
    }),
    LoadsPage: objectOf<{ loads: unknown; next: unknown }>({
      loads: arrayOf(ref('StoredLoad')),
      next: {
        type: ['integer', 'null'],
        description: 'What to pass as `before` for the next page; null on the last one.',
      },
    }),
  },
};
