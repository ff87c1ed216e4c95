import type { ParameterDocs, RouteDocs } from '../shared/http/openapi/describe-route.js';
import { arrayOf, DECIMAL, objectOf, orNull, ref, TIME } from '../shared/http/openapi/schema.js';
import { BUCKETS, BUCKETS_MAX } from './history-range.js';
import type { RevenueBucket } from './history-buckets.js';
import type { RevenueOverTime } from './revenue-history.service.js';

const HOURS: RevenueOverTime = {
  bucket: 'hour',
  from: '2026-11-23T07:00:00.000Z',
  to: '2026-11-23T10:00:00.000Z',
  buckets: [
    { from: '2026-11-23T07:00:00.000Z', revenue: '282' },
    { from: '2026-11-23T08:00:00.000Z', revenue: '0' },
    { from: '2026-11-23T09:00:00.000Z', revenue: '-17.25' },
  ],
  rolledUpBefore: null,
};

const DAYS: RevenueOverTime = {
  bucket: 'day',
  from: '2026-08-22T00:00:00.000Z',
  to: '2026-08-24T00:00:00.000Z',
  buckets: [
    { from: '2026-08-22T00:00:00.000Z', revenue: '40210.5' },
    { from: '2026-08-23T00:00:00.000Z', revenue: '38000.000001' },
  ],
  rolledUpBefore: '2026-08-23T00:00:00.000Z',
};

export const INSTANT = { anyOf: [{ type: 'string', format: 'date' }, TIME] };

const query = (name: string, parameter: Omit<ParameterDocs, 'in' | 'name'>): ParameterDocs => ({
  in: 'query',
  name,
  ...parameter,
});

export const RANGE_PARAMETERS: readonly ParameterDocs[] = [
  query('from', {
    schema: INSTANT,
    description:
      'An instant, or a date for its 00:00 UTC; widened to the start of its bucket. Without it: 24 hours, or 30 days, before `to`.',
  }),
  query('to', {
    schema: INSTANT,
    description:
      'Exclusive, and widened to the end of its bucket. Without it: the end of the present hour or day.',
  }),
  query('bucket', { schema: { type: 'string', enum: BUCKETS, default: 'hour' } }),
];

export const REVENUE_OVER_TIME_DOCS: RouteDocs = {
  operationId: 'getRevenueOverTime',
  tag: 'Balances',
  summary: 'Revenue by hour or by day, of all users',
  description:
    'What the loaded events of each hour or day of UTC add up to, by the time at which the staging log took them. ' +
    `Every bucket from \`from\` to \`to\` is there, also those without an event; at most ${BUCKETS_MAX}. Old hours are ` +
    'rolled up to days, and can be asked for by day only.',
  parameters: RANGE_PARAMETERS,
  answers: {
    200: {
      description: 'The buckets, in order.',
      content: {
        'application/json': {
          schema: ref('RevenueOverTime'),
          examples: {
            hours: { value: HOURS },
            days: { summary: 'With bucket=day, one of which was rolled up', value: DAYS },
          },
        },
      },
    },
  },
  problems: [
    ...(['REQUEST_INVALID', 'QUERY_INVALID', 'RANGE_TOO_LONG', 'HOURS_ROLLED_UP'] as const),
    ...(['DATABASE_AWAY', 'TABLE_MISSING'] as const),
  ],
  schemas: {
    RevenueBucket: objectOf<RevenueBucket>({
      from: { ...TIME, description: 'Its start.' },
      revenue: DECIMAL,
    }),
    RevenueOverTime: objectOf<RevenueOverTime>({
      bucket: { type: 'string', enum: BUCKETS },
      from: { ...TIME, description: 'What was asked for, widened to whole buckets.' },
      to: { ...TIME, description: 'Exclusive.' },
      buckets: arrayOf(ref('RevenueBucket')),
      rolledUpBefore: {
        ...orNull(TIME),
        description:
          'The end of the last day whose hours were rolled up: from then on there are hours. Null when there is no such day.',
      },
    }),
  },
};
