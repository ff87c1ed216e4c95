import type { ServerResponse } from 'node:http';
import type { Problem } from './problem.js';

/** Answers with a problem. An answer that has begun cannot be changed any more: its connection is cut. */
export function writeProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(problem.getResponse()));
  response.writeHead(problem.getStatus(), {
    ...problem.headers,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': body.length,
  });
  response.end(body);
}
