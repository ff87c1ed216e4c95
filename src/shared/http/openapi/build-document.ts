import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { applyDocs, BEARER } from './apply-docs.js';
import { describedRoutes, type DescribedRoute } from './describe-route.js';
import { DOCS_PATHS } from './docs-paths.js';
import { EVENT_SCHEMAS } from './event-schemas.js';
import type { ProblemCode } from './problem-codes.js';
import { problemAnswers, PROBLEM_CODE_SCHEMA, PROBLEM_SCHEMA } from './problem-answers.js';
import type { Schema } from './schema.js';

/** The same as in package.json. */
export const API_VERSION = '0.1.0';

const ABOUT = `Revenue events in, exact balances out. Every route answers on both listeners of the process, the
server's and the client's.

Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) \`application/problem+json\` with a stable \`code\`;
each operation lists those that it may answer. A path that is none is 404 \`ROUTE_UNKNOWN\`, and HEAD on a route
that changes something is 405 \`METHOD_NOT_ALLOWED\`. 429 and 503 have \`Retry-After\` where trying again may help.

Where keys are configured, \`Authorization: Bearer <key>\` goes with every request but health checks and these
pages; each operation says which scope its key needs.`;

const KEY = 'A key of API_KEYS or API_KEYS_FILE, with the scope that the operation names.';

const HEADERS = {
  RequestId: {
    description: 'Names the request in the log of the server.',
    required: true,
    schema: { type: 'string', minLength: 1 },
  },
  RetryHeader: {
    description: 'When to try again, in seconds.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
  RetryHeaderAtTimes: {
    description: 'When to try again, in seconds; not there when that would not help.',
    schema: { type: 'integer', minimum: 0 },
  },
  ChallengeHeader: {
    description: 'Which credentials are asked for.',
    required: true,
    schema: { type: 'string' },
    example: 'Bearer realm="revenue-etl"',
  },
};

/** What is no operation's: a path that is none, a method that is not for it, a request that is none. */
const OUTSIDE_OF_ROUTES = [
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'REQUEST_TIMEOUT',
  'REQUEST_REFUSED',
  'HTTP_INVALID',
  'HOST_MISSING',
  'EXPECTATION_UNSUPPORTED',
  'HEADERS_TOO_SLOW',
  'HEADERS_TOO_LARGE',
] as const;

const applied = new Set<DescribedRoute>();

/**
 * The OpenAPI document of the application, from its controllers. Takes a quarter of a second, nearly all of it to
 * load @nestjs/swagger.
 */
export async function buildDocument(app: INestApplication): Promise<OpenAPIObject> {
  const swagger = await import('@nestjs/swagger');
  for (const route of describedRoutes()) {
    // Once: swagger's decorators add to what is there.
    if (!applied.has(route)) applyDocs(swagger, route);
    applied.add(route);
  }
  const config = new swagger.DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('revenue-etl')
    .setDescription(ABOUT)
    .setVersion(API_VERSION)
    .addServer('/')
    .addSecurity(BEARER, { type: 'http', scheme: 'bearer', description: KEY })
    .build();
  const document = swagger.SwaggerModule.createDocument(app, config);
  const { components, paths } = document;
  return {
    ...document,
    paths: { ...paths, ...DOCS_PATHS },
    components: {
      ...components,
      schemas: { ...components?.schemas, ...schemasOf(describedRoutes()) },
      headers: HEADERS,
      responses: Object.fromEntries(OUTSIDE_OF_ROUTES.map((code) => [code, answerOf(code)])),
    },
  } as OpenAPIObject;
}

function schemasOf(routes: readonly DescribedRoute[]): Readonly<Record<string, Schema>> {
  const own = { Problem: PROBLEM_SCHEMA, ProblemCode: PROBLEM_CODE_SCHEMA, ...EVENT_SCHEMAS };
  return Object.assign(own, ...routes.map(({ docs }) => docs.schemas ?? {})) as typeof own;
}

function answerOf(code: ProblemCode): unknown {
  const [answer] = Object.values(problemAnswers({ codes: [code] }));
  return answer;
}
