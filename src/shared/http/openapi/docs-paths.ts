import { PAGE_FILES } from './docs-page.js';
import { EVERY_ANSWER, problemAnswers } from './problem-answers.js';
import type { ProblemCode } from './problem-codes.js';

const TAGS = ['Page'];

function answers(
  description: string,
  content: Record<string, object>,
  problems: readonly ProblemCode[] = [],
): object {
  const failed = problemAnswers({ codes: [...problems, 'INTERNAL_ERROR'] });
  return { ...failed, 200: { description, headers: EVERY_ANSWER, content } };
}

const TEXT = { schema: { type: 'string' } };
const IMAGE = { schema: { type: 'string', format: 'binary' } };

/** The operations of the documentation itself, which are no controller's. */
export const DOCS_PATHS = {
  '/docs': {
    get: {
      operationId: 'getDocsPage',
      tags: TAGS,
      summary: 'This page',
      description: 'Needs no key.',
      responses: answers('The page.', { 'text/html': TEXT }),
    },
  },
  '/docs/{file}': {
    get: {
      operationId: 'getDocsFile',
      tags: TAGS,
      summary: 'A file of this page',
      description: 'Needs no key.',
      parameters: [
        {
          name: 'file',
          in: 'path',
          required: true,
          schema: { type: 'string', enum: Object.keys(PAGE_FILES) },
        },
      ],
      responses: answers(
        'The file.',
        { 'text/javascript': TEXT, 'text/css': TEXT, 'image/png': IMAGE },
        ['ROUTE_UNKNOWN'],
      ),
    },
  },
  '/docs-json': {
    get: {
      operationId: 'getDocument',
      tags: TAGS,
      summary: 'This document',
      description: 'Needs no key.',
      responses: answers('OpenAPI 3.1.', {
        'application/json': {
          schema: {
            type: 'object',
            properties: { openapi: { type: 'string' } },
            required: ['openapi', 'info', 'paths'],
            additionalProperties: true,
          },
        },
      }),
    },
  },
};
