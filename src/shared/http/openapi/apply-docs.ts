import type * as SwaggerTypes from '@nestjs/swagger';
import type { Scope } from '../../config/api-keys.js';
import { SCOPE_METADATA } from '../needs-scope.js';
import type { DescribedRoute, RouteDocs } from './describe-route.js';
import { EVERY_ANSWER, problemAnswers, type AnswerObject } from './problem-answers.js';
import type { ProblemCode } from './problem-codes.js';

type Swagger = typeof SwaggerTypes;

/** The name of the security scheme in the document. */
export const BEARER = 'bearer';

/** Applies the decorators of @nestjs/swagger to a route. Its scope is the one that the guard asks for. */
export function applyDocs(
  swagger: Swagger,
  { target, key, descriptor, docs }: DescribedRoute,
): void {
  const scope = scopeOf(target, descriptor);
  const operation = {
    ...operationOf(docs, scope),
    ...(docs.body === undefined ? {} : { requestBody: { required: true, content: docs.body } }),
  };
  const answers = Object.entries(answersOf(docs, scope));
  const decorators = [
    swagger.ApiOperation(operation),
    ...(docs.parameters ?? []).map((parameter) => parameterDecorator(swagger, parameter)),
    ...answers.map(([status, answer]) =>
      swagger.ApiResponse({ ...answer, status: Number(status) }),
    ),
    ...(scope === 'public' ? [] : [swagger.ApiSecurity(BEARER, [scope])]),
  ];
  for (const decorate of decorators) decorate(target, key, descriptor);
}

function parameterDecorator(
  swagger: Swagger,
  { in: place, ...parameter }: NonNullable<RouteDocs['parameters']>[number],
): MethodDecorator {
  const options = { ...parameter, required: place === 'path' };
  if (place === 'header') return swagger.ApiHeader(options);
  const decorator = place === 'path' ? swagger.ApiParam : swagger.ApiQuery;
  return decorator(options);
}

/** `read` where nothing is said, as the guard has it. */
function scopeOf(target: object, { value }: PropertyDescriptor): Scope | 'public' {
  for (const on of [value as object, target.constructor]) {
    const scope = Reflect.getMetadata(SCOPE_METADATA, on) as Scope | 'public' | undefined;
    if (scope !== undefined) return scope;
  }
  return 'read';
}

function operationOf(docs: RouteDocs, scope: Scope | 'public'): Readonly<Record<string, unknown>> {
  const { operationId, tag, summary, description } = docs;
  const needed = scope === 'public' ? 'Needs no key.' : `Needs a key with the scope \`${scope}\`.`;
  const about = [description, scope === 'public' ? needed : `${needed} ${WHERE_KEYS}`];
  const text = about.filter((part) => part !== undefined).join('\n\n');
  return { operationId, tags: [tag], summary, description: text };
}

const WHERE_KEYS = 'Without configured keys everybody may.';

function answersOf(
  docs: RouteDocs,
  scope: Scope | 'public',
): Readonly<Record<string, AnswerObject>> {
  const { answers, problems = [], problemMembers } = docs;
  const codes = [...problems, ...accessProblems(scope), 'INTERNAL_ERROR' as const];
  const refused = problemAnswers(
    problemMembers === undefined ? { codes } : { codes, members: problemMembers },
  );
  const taken = Object.entries(answers).map(([status, answer]): [string, AnswerObject] => [
    status,
    { ...answer, headers: EVERY_ANSWER },
  ]);
  return { ...Object.fromEntries(taken), ...refused };
}

function accessProblems(scope: Scope | 'public'): ProblemCode[] {
  if (scope === 'public') return [];
  const always: ProblemCode[] = ['KEY_REQUIRED', 'SCOPE_MISSING', 'HOST_NOT_ALLOWED'];
  return scope === 'read' ? always : [...always, 'CROSS_SITE_REQUEST'];
}
