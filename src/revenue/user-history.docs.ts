import { json } from '../shared/http/openapi/answers.js';
import type { RouteDocs } from '../shared/http/openapi/describe-route.js';
import { arrayOf, objectOf, orNull, ref, TEXT, TIME } from '../shared/http/openapi/schema.js';
import { BUCKETS } from './history-range.js';
import { RANGE_PARAMETERS } from './revenue-history.docs.js';
import type { UserRevenueOverTime } from './user-history.service.js';

const HOURS: UserRevenueOverTime = {
  userId: 'abc123',
  bucket: 'hour',
  from: '2026-11-23T08:00:00.000Z',
  to: '2026-11-23T10:00:00.000Z',
  buckets: [
    { from: '2026-11-23T08:00:00.000Z', revenue: '282' },
    { from: '2026-11-23T09:00:00.000Z', revenue: '-17.25' },
  ],
  rolledUpBefore: null,
  knownFrom: '2026-11-23T08:00:00.000Z',
};

export const USER_HISTORY_DOCS: RouteDocs = {
  operationId: 'getUserRevenueOverTime',
  tag: 'Balances',
  summary: 'Revenue by hour or by day, of one user',
  description:
    'As `GET /revenue`, of one user, where it is kept (`USER_HISTORY=true`). It is known from `knownFrom` on: without ' +
    '`from`, the answer begins no earlier.',
  parameters: [{ in: 'path', name: 'userId', schema: TEXT }, ...RANGE_PARAMETERS],
  answers: {
    200: json<UserRevenueOverTime>({
      description: 'The buckets, in order.',
      schema: ref('UserRevenueOverTime'),
      example: HOURS,
    }),
  },
  problems: [
    ...(['REQUEST_INVALID', 'QUERY_INVALID', 'RANGE_TOO_LONG', 'HOURS_ROLLED_UP'] as const),
    ...(['USER_UNKNOWN', 'USER_HISTORY_OFF', 'USER_HISTORY_UNKNOWN'] as const),
    ...(['DATABASE_AWAY', 'TABLE_MISSING'] as const),
  ],
  schemas: {
    UserRevenueOverTime: objectOf<UserRevenueOverTime>({
      userId: TEXT,
      bucket: { type: 'string', enum: BUCKETS },
      from: { ...TIME, description: 'What was asked for, widened to whole buckets.' },
      to: { ...TIME, description: 'Exclusive.' },
      buckets: arrayOf(ref('RevenueBucket')),
      rolledUpBefore: {
        ...orNull(TIME),
        description: 'The end of the last day of this user whose hours were rolled up.',
      },
      knownFrom: {
        ...orNull(TIME),
        description: 'From then on it is known, of all users; null: from the beginning.',
      },
    }),
  },
};
