import { Problem } from '../shared/http/problem.js';
import type { AppendResult } from '../staging-log/staging-log.port.js';

/** What a sender is answered when the log takes nothing. */
export function refusedByLog(refusal: Extract<AppendResult, { kind: 'refused' }>): Problem {
  const { code, message, retryAfterSeconds } = refusal;
  const status = code === 'QUEUE_FULL' ? 429 : 503;
  return new Problem({ status, code, detail: message, retryAfterSeconds });
}
