import { Problem } from '../shared/http/problem.js';
import type { RequestCounts } from '../shared/tracing/trace-channels.js';
import type { ItemCounts } from './item-counts.js';

/** What is answered once something may be stored: 202 or 207, and the JSON that says what. */
export interface EventsAnswer {
  readonly status: 202 | 207;
  readonly body: string;
  readonly counts: RequestCounts;
}

/** The members of a problem of a request of which nothing was stored. */
const NOTHING_STORED = { accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 };

/** Most answers, made once. */
export const ONE_ACCEPTED: EventsAnswer = Object.freeze({
  status: 202,
  body: '{"accepted":1,"duplicates":0,"rejected":[]}',
  counts: { accepted: 1, duplicates: 0, rejected: 0 },
});

/**
 * The answer to a body.
 * @param stop what ended it before its end, or null
 * @throws Problem when nothing is stored: that of the stop, else 400 with what is wrong with the items.
 */
export function answerOf(counts: ItemCounts, stop: Problem | null): EventsAnswer {
  const { read, accepted, duplicates, rejected, rejectedTotal, stored } = counts;
  const json = (status: 202 | 207, body: unknown): EventsAnswer => ({
    ...{ status, body: JSON.stringify(body) },
    counts: { accepted, duplicates, rejected: rejectedTotal },
  });
  if (stop !== null) {
    if (!stored) throw stop;
    const stopped = stopOf(stop);
    return json(207, { accepted, duplicates, rejected, rejectedTotal, read, stopped });
  }
  if (rejectedTotal === 0) return json(202, { accepted, duplicates, rejected });
  if (stored) return json(207, { accepted, duplicates, rejected, rejectedTotal });
  const [first] = rejected;
  const isOne = read === 1 && first !== undefined;
  const detail = isOne ? first.message : `all ${read} items were rejected`;
  const code = isOne ? first.code : 'ALL_REJECTED';
  const members = { accepted, duplicates, rejected, rejectedTotal };
  throw new Problem({ status: 400, code, detail, members });
}

/** A problem that also says that nothing is stored. */
export function withNothingStored(problem: Problem): Problem {
  const { status, code, detail, retryAfter, ...rest } = problem.getResponse() as Body;
  if ('accepted' in rest) return problem;
  return new Problem({
    ...{ status, code, detail, headers: problem.headers, members: NOTHING_STORED },
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

interface Body {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfter?: number;
}

function stopOf(problem: Problem): Record<string, unknown> {
  const { code, detail, retryAfter } = problem.getResponse() as Body;
  return { code, detail, ...(retryAfter === undefined ? {} : { retryAfter }) };
}
