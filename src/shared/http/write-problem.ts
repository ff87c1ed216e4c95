import type { ServerResponse } from 'node:http';
import { endRefused } from './end-refused.js';
import type { Problem } from './problem.js';

const codes = new WeakMap<ServerResponse, string>();

/** The code of the problem that was answered with, if one was. */
export const problemCodeOf = (response: ServerResponse): string | undefined => codes.get(response);

/**
 * Answers with a problem; what was not read of the request's body is not waited for. An answer that has
 * begun cannot be changed any more: its connection is cut.
 */
export function writeProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  codes.set(response, problem.code);
  const headers = {
    ...problem.headers,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  const body = JSON.stringify(problem.getResponse());
  endRefused(response, { status: problem.getStatus(), headers }, body);
}
