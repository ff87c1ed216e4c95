import { Problem } from '../shared/http/problem.js';

/** Of a body whose sender went away. */
export function bodyIncomplete(): Problem {
  const detail = 'the body ended before its Content-Length or its last chunk';
  return new Problem({ status: 400, code: 'BODY_INCOMPLETE', detail });
}
