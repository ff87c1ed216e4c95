import { json } from '../shared/http/openapi/answers.js';
import type { RouteDocs } from '../shared/http/openapi/describe-route.js';
import {
  arrayOf,
  COUNT,
  objectOf,
  OFFSET,
  orNull,
  ref,
  TEXT,
} from '../shared/http/openapi/schema.js';
import type { HealthFinding, Readiness } from './health.service.js';
import type { Lag } from './measure-lag.js';
import type { Status } from './status.service.js';

const findings = (description: string) => ({ ...arrayOf(ref('HealthFinding')), description });

const HEALTH_SCHEMAS = {
  HealthFinding: objectOf<HealthFinding>({
    part: { type: 'string', enum: ['process', 'log', 'database', 'load'] },
    code: { ...TEXT, description: 'Stable; docs/errors.md says what to do.' },
    message: TEXT,
  }),
  Readiness: objectOf<Readiness>({
    status: { type: 'string', enum: ['ready', 'not_ready', 'shutting_down'] },
    failing: findings('Why not ready.'),
    degraded: findings('What keeps balances from being current, but no event from being accepted.'),
  }),
};

const AWAY: HealthFinding = { part: 'database', code: 'DATABASE_AWAY', message: 'connecting' };
const FULL: HealthFinding = {
  part: 'log',
  code: 'DISK_FULL',
  message: 'less than DISK_FREE_BYTES_MIN (67108864) is free',
};

export const LIVE_DOCS: RouteDocs = {
  operationId: 'getLiveness',
  tag: 'Monitoring',
  summary: 'Whether the process answers',
  answers: {
    200: json<{ status: 'live' }>({
      description: 'It does.',
      schema: objectOf<{ status: 'live' }>({ status: { const: 'live' } }),
      example: { status: 'live' },
    }),
  },
};

export const READY_DOCS: RouteDocs = {
  operationId: 'getReadiness',
  tag: 'Monitoring',
  summary: 'Whether events can be accepted durably, into the log that the database has loaded',
  description:
    'A database that is away is `degraded`, with 200: events are accepted, loads catch up. A log that is not the one that was ' +
    'loaded (LOG_FORKED, LOG_BEHIND_CHECKPOINT, LOG_DAMAGED, LOG_TRIMMED) is `failing`, with 503: events are accepted, and not loaded.',
  answers: {
    200: json<Readiness>({
      description: 'Ready.',
      schema: ref('Readiness'),
      example: { status: 'ready', failing: [], degraded: [AWAY] },
    }),
    503: json<Readiness>({
      description: 'Not ready, or stopping.',
      schema: ref('Readiness'),
      example: { status: 'not_ready', failing: [FULL], degraded: [] },
    }),
  },
  schemas: HEALTH_SCHEMAS,
};

const STATUS: Status = {
  log: { endOffset: 87_412, segments: 1, bytes: 87_412 },
  checkpoint: { offset: 87_412, timestamp: 1_769_860_800_000, events: 1_000 },
  lag: { bytes: 0, seconds: 0 },
  lastLoad: {
    fromOffset: 0,
    toOffset: 87_412,
    events: 1_000,
    users: 100,
    inserted: 100,
    updated: 0,
    deadLetters: 0,
    durationMs: 12,
    committedAt: '2026-01-31T12:00:00.000Z',
  },
  deadLetters: 0,
};

const CHECKPOINT = objectOf<NonNullable<Status['checkpoint']>>({
  offset: OFFSET,
  timestamp: orNull({ type: 'integer', description: 'Of the last loaded event, ms since 1970.' }),
  events: { ...COUNT, description: 'Loaded ones.' },
});

export const STATUS_DOCS: RouteDocs = {
  operationId: 'getStatus',
  tag: 'Monitoring',
  summary: 'How far the log and the loads are',
  description: 'Always 200. What is not known is null, never 0.',
  answers: {
    200: json<Status>({ description: 'How things are.', schema: ref('Status'), example: STATUS }),
  },
  schemas: {
    Status: objectOf<Status>({
      log: objectOf<Status['log']>({ endOffset: OFFSET, segments: COUNT, bytes: COUNT }),
      checkpoint: orNull(CHECKPOINT),
      lag: objectOf<Lag>({
        bytes: orNull(COUNT),
        seconds: orNull({ type: 'number', minimum: 0 }),
      }),
      lastLoad: orNull(ref('LoadReport')),
      deadLetters: { ...orNull(COUNT), description: 'Open ones.' },
    }),
  },
};
