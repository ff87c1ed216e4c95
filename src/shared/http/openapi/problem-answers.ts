import { STATUS_CODES } from 'node:http';
import { Problem } from '../problem.js';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.js';
import { arrayOf, COUNT, orNull, ref, TEXT, TIME, type Schema } from './schema.js';

/** One answer of an operation, as OpenAPI writes it. */
export interface AnswerObject {
  readonly description: string;
  readonly headers: Readonly<Record<string, Schema>>;
  readonly content?: Readonly<Record<string, MediaObject>>;
}

export interface MediaObject {
  readonly schema: Schema;
  readonly examples?: Readonly<
    Record<string, { readonly summary?: string; readonly value: unknown }>
  >;
}

const header = (name: string): Schema => ({ $ref: `#/components/headers/${name}` });

/** Headers that every answer has. */
export const EVERY_ANSWER: Readonly<Record<string, Schema>> = {
  'X-Request-Id': header('RequestId'),
};

/** The members that problems have beside those of RFC 9457. */
const MEMBERS: Readonly<Record<string, Schema>> = {
  retryAfter: { ...COUNT, description: 'The same as the header Retry-After, in seconds.' },
  accepted: COUNT,
  duplicates: COUNT,
  rejected: arrayOf(ref('Rejection')),
  rejectedTotal: { ...COUNT, description: '`rejected` names the first ones only.' },
  event: ref('Correction'),
  runId: { type: ['string', 'null'] },
  statePath: { ...TEXT, description: 'The file with the state of the run.' },
  line: COUNT,
  sentSince: TIME,
  rolledUpBefore: TIME,
  knownFrom: orNull(TIME),
  progress: ref('RunProgress'),
};

/** What every problem has. */
export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  description: 'RFC 9457, with a stable `code` for programs.',
  properties: {
    type: { const: 'about:blank' },
    title: { ...TEXT, description: 'The words of the status.' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: ref('ProblemCode'),
    detail: { ...TEXT, description: 'For people: what happened, where, and what to do.' },
  },
  required: ['type', 'title', 'status', 'code', 'detail'],
};

export const PROBLEM_CODE_SCHEMA: Schema = {
  type: 'string',
  description: 'Stable: a program may decide by it.',
  enum: Object.keys(PROBLEM_CODES),
};

type Members = Readonly<Record<string, unknown>>;

/** The body of a problem as an example, made as the real one is. */
function exampleOf(code: ProblemCode, status: number, more: Members = {}): Members {
  const { detail, retryAfter, members } = PROBLEM_CODES[code];
  const retry = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
  const problem = new Problem({ status, code, detail, ...retry, members: { ...members, ...more } });
  return problem.getResponse() as Members;
}

/** Every code of an operation, and the members that the operation adds to all of a status. */
export interface OperationProblems {
  readonly codes: readonly ProblemCode[];
  readonly members?: (code: ProblemCode) => Members;
}

/** The answers of an operation that are problems, by status: one example for each code. */
export function problemAnswers(
  problems: OperationProblems,
): Readonly<Record<number, AnswerObject>> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(problems.codes)) {
    for (const status of PROBLEM_CODES[code].statuses) {
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, answerOf(status, { ...problems, codes })]),
  );
}

function answerOf(status: number, { codes, members }: OperationProblems): AnswerObject {
  const bodies = codes.map((code) => exampleOf(code, status, members?.(code)));
  return {
    description: `${STATUS_CODES[status] ?? ''}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    headers: {
      ...EVERY_ANSWER,
      ...(bodies.some(has('retryAfter')) ? { 'Retry-After': retryHeader(bodies) } : {}),
      ...(status === 401 ? { 'WWW-Authenticate': header('ChallengeHeader') } : {}),
    },
    content: {
      'application/problem+json': {
        schema: schemaOf(status, bodies),
        examples: Object.fromEntries(codes.map((code, at) => [code, { value: bodies[at] }])),
      },
    },
  };
}

const has = (member: string) => (body: Members) => member in body;

const retryHeader = (bodies: readonly Members[]): Schema =>
  header(bodies.every(has('retryAfter')) ? 'RetryHeader' : 'RetryHeaderAtTimes');

/** A problem with these codes, and with the members that the examples have. */
function schemaOf(status: number, bodies: readonly Members[]): Schema {
  const names = Object.keys(MEMBERS).filter((name) => bodies.some(has(name)));
  const always = names.filter((name) => bodies.every(has(name)));
  return {
    allOf: [
      ref('Problem'),
      {
        type: 'object',
        properties: {
          status: { const: status },
          code: { enum: bodies.map(({ code }) => code) },
          ...Object.fromEntries(names.map((name) => [name, MEMBERS[name]])),
        },
        ...(always.length > 0 ? { required: always } : {}),
      },
    ],
  };
}
