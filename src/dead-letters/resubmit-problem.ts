import { Problem } from '../shared/http/problem.js';
import type { Refusal } from './correction.sender.js';

export function deadLetterUnknown(id: string): Problem {
  const detail = `there is no dead letter ${id}`;
  return new Problem({ status: 404, code: 'DEAD_LETTER_UNKNOWN', detail });
}

export function isRange(id: string, { from, to }: { from: number; to: number }): Problem {
  const detail = `dead letter ${id} is a damaged range of the log with many events: restore its file, then npm run log -- reload --from ${from} --to ${to}`;
  return new Problem({ status: 409, code: 'DEAD_LETTER_IS_RANGE', detail });
}

export function isResolved(id: string): Problem {
  const detail = `dead letter ${id} is resolved: a corrected event of it is in the balances`;
  return new Problem({ status: 409, code: 'DEAD_LETTER_RESOLVED', detail });
}

/** @param event the canonical text of the one that is on its way */
export function isClaimed(id: string, event: string): Problem {
  const detail = `another event is on its way for dead letter ${id}: ${event}`;
  const members = { event: JSON.parse(event) as unknown };
  return new Problem({ status: 409, code: 'DEAD_LETTER_CLAIMED', detail, members });
}

/** What ingest refused a corrected event with. */
export function passOn({ id, ...refusal }: Refusal & { readonly id: string }): Problem {
  const { status, code, retryAfterSeconds } = refusal;
  if (code === 'ID_REUSED') {
    // Sent before the database was reset, or restored.
    const detail = `another event for dead letter ${id} is in the staging log already, and resolves it once it is loaded`;
    return new Problem({ status: 409, code: 'DEAD_LETTER_CLAIMED', detail });
  }
  const detail = `dead letter ${id} is as it was, its corrected event was refused: ${refusal.detail}`;
  const retry = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  return new Problem({ status, code, detail, ...retry });
}
