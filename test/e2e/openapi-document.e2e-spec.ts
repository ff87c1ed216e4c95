import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_VERSION } from '../../src/shared/http/openapi/build-document.js';
import { DocumentedAnswers } from '../support/documented-answers.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

let database: TestDatabase;
let application: RunningApplication;
let documented: DocumentedAnswers;
/** With keys, and asked without one: the page and the document are for anybody. */
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { API_KEYS: 'ops:k-admin' };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
  documented = await DocumentedAnswers.of(application.serverUrl);
});
afterAll(() => database.drop());

type Visit = (value: Record<string, unknown>, at: readonly string[]) => void;

function walk(value: unknown, visit: Visit, at: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value as Record<string, unknown>, at);
  for (const [key, part] of Object.entries(value)) walk(part, visit, [...at, key]);
}

describe('the OpenAPI document', () => {
  it('says which version it is of', () => {
    const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(documented.document.openapi).toBe('3.1.0');
    expect({ api: documented.document.info.version, ours: API_VERSION }).toEqual({
      api: version,
      ours: version,
    });
  });

  it('has every route of the contract', () => {
    const routes = documented.operations.map(([request]) => request);
    expect(routes).toEqual(
      expect.arrayContaining([
        ...['POST /events', 'GET /generateEvents', 'POST /generateEvents', 'GET /createTable'],
        ...['GET /generateEvents/progress', 'POST /createTable', 'GET /users', 'GET /loads'],
        ...[
          'GET /users/{userId}/revenue',
          'GET /status',
          'GET /metrics',
          'GET /deadLetters',
          'GET /deadLetters/{id}',
        ],
        ...['GET /revenue', 'POST /deadLetters/{id}/resubmit'],
        ...['GET /health/live', 'GET /health/ready'],
        ...['GET /docs', 'GET /docs/{file}', 'GET /docs-json', 'GET /status/live'],
        ...['GET /', 'GET /dashboard/{file}'],
      ]),
    );
  });

  it('describes each operation: a handler without @Describe has no summary', () => {
    for (const [request, operation] of documented.operations) {
      const { summary, tags, operationId, responses } = operation;
      expect({ request, summary, tags, operationId }).toEqual({
        request,
        summary: expect.stringMatching(/./),
        tags: [expect.stringMatching(/./)],
        operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/),
      });
      expect(METHODS).toContain(request.split(' ')[0]!.toLowerCase());
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
      const named = [...request.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual(named);
      for (const scheme of operation.security ?? [])
        expect(Object.keys(scheme)).toEqual(['bearer']);
    }
    const ids = documented.operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers to nothing that it does not have, and has nothing that is not referred to', () => {
    const targets = new Set<string>();
    walk(documented.document, ({ $ref }, at) => {
      if (typeof $ref !== 'string') return;
      targets.add($ref);
      const parts = $ref.replace('#/', '').split('/');
      const found = parts.reduce<unknown>(
        (part, key) => (part as Record<string, unknown> | undefined)?.[key],
        documented.document,
      );
      expect({ at: at.join('/'), $ref, isThere: found !== undefined }).toMatchObject({
        isThere: true,
      });
    });
    const named = Object.keys(documented.document.components.schemas);
    expect(named.filter((name) => !targets.has(`#/components/schemas/${name}`))).toEqual([]);
  });

  it('has examples that are valid by its own schemas', () => {
    let examples = 0;
    walk(documented.document, ({ schema, examples: all }, at) => {
      if (schema === undefined || all === undefined) return;
      const validate = documented.compile([...at, 'schema']);
      for (const [name, example] of Object.entries(all as object)) {
        const { value } = example as { value: unknown };
        validate(value);
        const found = { at: at.join(' '), name, errors: validate.errors };
        expect(found).toMatchObject({ errors: null });
        examples += 1;
      }
    });
    expect(examples).toBeGreaterThan(100);
  });

  it('has an example for every code', () => {
    for (const [request, { responses }] of documented.operations) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const problem = content['application/problem+json'];
        if (problem === undefined) continue;
        const codes = Object.values(problem.examples ?? {}).map(
          ({ value }) => (value as { code: string }).code,
        );
        const { allOf } = problem.schema as {
          allOf: { properties?: { code: { enum: string[] } } }[];
        };
        const listed = allOf.flatMap(({ properties }) => properties?.code.enum ?? []);
        expect({ request, status, codes }).toEqual({ request, status, codes: listed });
      }
    }
  });
});

describe('the page', () => {
  const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);

  it.each(['/docs', '/docs/'])('at %s loads only files of this process', async (path) => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(200);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self'");
    expect(policy.replace("style-src 'self' 'unsafe-inline'", '')).not.toContain('unsafe');
    expect(text).not.toMatch(/<style|style=|\son\w+=|https?:|<script>/);
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
    expect(files).toHaveLength(4);
    for (const file of files) {
      const url = new URL(file, new URL(path, application.serverUrl));
      const answer = await get(url.pathname);
      expect({ file, status: answer.status }).toEqual({ file, status: 200 });
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('keeps a key nowhere, and asks nobody else', async () => {
    const { text } = await get('/docs/start.js');
    expect(text).toContain('persistAuthorization: false');
    expect(text).toContain('validatorUrl: null');
    expect(text).not.toMatch(/https?:|Storage|cookie/);
  });

  it.each(['/docs/package.json', '/docs/..%2fpackage.json', '/docs/__proto__', '/docs/a/b'])(
    'has no other files: %s',
    async (path) => {
      expect((await get(path)).json).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    },
  );
});
