import { json } from '../shared/http/openapi/answers.js';
import type { ParameterDocs, RouteDocs } from '../shared/http/openapi/describe-route.js';
import { arrayOf, DECIMAL, objectOf, ref, TEXT, TIME } from '../shared/http/openapi/schema.js';
import { INSTANT } from './revenue-history.docs.js';
import type { CreatedTable } from './create-table.service.js';
import type { UserRevenueAt } from './user-history.service.js';
import type { UserRevenue } from './users.service.js';

const USER: UserRevenue = {
  userId: 'abc123',
  revenue: '282.5',
  updatedAt: '2026-01-31T12:00:00.000Z',
};

const USER_THEN: UserRevenueAt = {
  userId: 'abc123',
  revenue: '199.99',
  at: '2026-01-30T12:34:56.000Z',
  exactAt: '2026-01-30T12:00:00.000Z',
};

const USER_ID = { ...TEXT, examples: [USER.userId] };

const SCHEMAS = {
  UserRevenue: objectOf<UserRevenue>({
    userId: TEXT,
    revenue: DECIMAL,
    updatedAt: TIME,
  }),
  UsersPage: objectOf<{ users: unknown; next: unknown }>({
    users: arrayOf(ref('UserRevenue')),
    next: {
      type: ['string', 'null'],
      description: 'What to pass as `after` for the next page; null on the last one.',
    },
  }),
};

const query = (name: string, parameter: Omit<ParameterDocs, 'in' | 'name'>): ParameterDocs => ({
  in: 'query',
  name,
  ...parameter,
});

const DATABASE_PROBLEMS = ['DATABASE_AWAY', 'TABLE_MISSING'] as const;

export const USERS_DOCS: RouteDocs = {
  operationId: 'listUsers',
  tag: 'Balances',
  summary: 'Balances: of one user, a page by user id, or the highest',
  description:
    'With `userId` that user alone, whatever the id is made of. Else a page in the order of user ids. With ' +
    '`order=-revenue` the highest balances, at most 1,000, which are computed at most every 10 s.',
  parameters: [
    query('userId', { schema: USER_ID }),
    query('limit', { schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 50 } }),
    query('after', { schema: TEXT, description: 'The `next` of the page before.' }),
    query('order', { schema: { type: 'string', enum: ['userId', '-revenue'], default: 'userId' } }),
  ],
  answers: {
    200: {
      description: 'The user, or a page.',
      content: {
        'application/json': {
          schema: { anyOf: [ref('UsersPage'), ref('UserRevenue')] },
          examples: {
            page: { value: { users: [USER], next: 'abc123' } },
            user: { summary: 'With userId', value: USER },
          },
        },
      },
    },
  },
  problems: ['REQUEST_INVALID', 'QUERY_INVALID', 'USER_UNKNOWN', ...DATABASE_PROBLEMS],
  schemas: SCHEMAS,
};

export const REVENUE_DOCS: RouteDocs = {
  operationId: 'getRevenue',
  tag: 'Balances',
  summary: 'The balance of one user, as it is or as it was',
  description:
    'With `at` the balance as it was, where revenue over time is kept by user (`USER_HISTORY=true`): what the loaded ' +
    'events before `exactAt` add up to, which is the start of the hour of `at`, or of its day where that was rolled up.',
  parameters: [
    { in: 'path', name: 'userId', schema: USER_ID },
    query('at', {
      schema: INSTANT,
      description: 'An instant, or a date for its 00:00 UTC; not in the future.',
    }),
  ],
  answers: {
    200: {
      description: 'What the loaded events of the user add up to.',
      content: {
        'application/json': {
          schema: { anyOf: [ref('UserRevenue'), ref('UserRevenueAt')] },
          examples: { now: { value: USER }, then: { summary: 'With at', value: USER_THEN } },
        },
      },
    },
  },
  problems: [
    ...(['REQUEST_INVALID', 'QUERY_INVALID', 'USER_UNKNOWN', 'USER_HISTORY_OFF'] as const),
    ...(['USER_HISTORY_UNKNOWN', ...DATABASE_PROBLEMS] as const),
  ],
  schemas: {
    UserRevenueAt: objectOf<UserRevenueAt>({
      userId: TEXT,
      revenue: DECIMAL,
      at: { ...TIME, description: 'What was asked for.' },
      exactAt: { ...TIME, description: 'The balance is that of this instant, exactly.' },
    }),
  },
};

export const CREATE_TABLE_DOCS: RouteDocs = {
  operationId: 'createTable',
  tag: 'Balances',
  summary: 'Create what is missing in the database',
  description:
    'Runs pending migrations, and makes again what was dropped where that loses nothing.',
  answers: {
    200: json<CreatedTable>({
      description: 'Everything is there.',
      schema: ref('CreatedTable'),
      example: { table: 'users_revenue', created: true },
    }),
  },
  problems: ['TABLE_FOREIGN', 'CHECKPOINT_DROPPED', 'DEAD_LETTERS_DROPPED', 'DATABASE_AWAY'],
  schemas: {
    CreatedTable: objectOf<CreatedTable>({
      table: { const: 'users_revenue' },
      created: { type: 'boolean', description: 'False when it stood already.' },
    }),
  },
};

/** The same, for who would rather not change something by a GET. */
export const CREATE_TABLE_POST_DOCS: RouteDocs = {
  ...CREATE_TABLE_DOCS,
  operationId: 'createTableByPost',
};
