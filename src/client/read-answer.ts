import { parseRetryAfterMs } from './retry-delay.js';

/** What came back over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  /** Null when it was longer than the client reads. */
  readonly body: string | null;
}

/** One item that the server refused; `index` counts in what was sent, from 0. */
export interface Rejection {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** What ingest said about some events. The counts add up to `read`. */
export type IngestAnswer =
  | ({ readonly kind: 'counted' } & Counts)
  | ({ readonly kind: 'stopped'; readonly refusal: Refusal } & Counts)
  | ({ readonly kind: 'retryable' } & Refusal)
  | ({ readonly kind: 'final' } & Refusal)
  | { readonly kind: 'unexpected'; readonly status: number; readonly reason: string };

export interface Counts {
  /** Items consumed, in order: all that were sent, unless the server stopped. */
  readonly read: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly Rejection[];
  /** May exceed the list, which a server may cut. */
  readonly rejectedTotal: number;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs: number | null;
}

/**
 * Whether a refusal leaves it open that some of it was stored. A busy server and one that does not
 * want the request have not touched it; an error within, or behind a gateway, may come after.
 */
export const mayHaveStored = ({ status }: Refusal): boolean =>
  status < 300 || status === 408 || (status >= 500 && status !== 501 && status !== 503);

type Json = Readonly<Record<string, unknown>>;

const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 423, 425, 429, 500, 502, 503, 504]);
/** Something between the client and ingest lost the end of a body that was sent whole. */
const BODY_CUT = 'BODY_INCOMPLETE';
const TEXT_LENGTH_MAX = 300;

/**
 * Judges an answer to `itemsSent` events. Counts are believed only when they add up: anything else
 * comes from something that is not ingest, and going on would report money that nobody stored.
 */
export function readAnswer(answer: HttpAnswer, itemsSent: number): IngestAnswer {
  const { status } = answer;
  const body = parseObject(answer.body);
  if (status === 202 || status === 207) return readCounts(answer, body, itemsSent);
  if (status === 400 && judgesItems(body)) return readCounts(answer, body, itemsSent);
  const refusal = refusalOf(answer, body);
  const passes = RETRYABLE_STATUSES.has(status) || refusal.code === BODY_CUT;
  return { kind: passes ? 'retryable' : 'final', ...refusal };
}

/** A 400 about each item, not about the body as a whole. */
function judgesItems(body: Json | null): boolean {
  const rejected = body?.['rejected'];
  return Array.isArray(rejected) && rejected.length > 0;
}

function refusalOf(answer: HttpAnswer, body: Json | null): Refusal {
  const named = `HTTP_${answer.status}`;
  const redirect = answer.location === undefined ? '' : `a redirect to ${answer.location}`;
  return {
    status: answer.status,
    code: textOf(body?.['code']) ?? named,
    detail: textOf(body?.['detail']) ?? redirect,
    retryAfterMs:
      parseRetryAfterMs(answer.retryAfter, Date.now()) ?? secondsToMs(body?.['retryAfter']),
  };
}

function readCounts(answer: HttpAnswer, body: Json | null, itemsSent: number): IngestAnswer {
  const unexpected = (reason: string): IngestAnswer => ({
    kind: 'unexpected',
    status: answer.status,
    reason,
  });
  if (body === null) return unexpected('no JSON object');
  const stopped = stoppedOf(answer, body);
  const rejected = rejectionsOf(body['rejected'], itemsSent);
  if (rejected === null) return unexpected('no list of rejections by index');
  const accepted = countOf(body['accepted'] ?? 0);
  const duplicates = countOf(body['duplicates'] ?? 0);
  const rejectedTotal = countOf(body['rejectedTotal'] ?? rejected.length);
  const read = stopped === null ? itemsSent : countOf(body['read']);
  if (accepted === null || duplicates === null || rejectedTotal === null || read === null) {
    return unexpected('a count that is not a whole number');
  }
  const lastRejected = rejected.at(-1)?.index ?? -1;
  if (read > itemsSent || rejectedTotal < rejected.length || lastRejected >= read) {
    return unexpected('counts beyond what was sent');
  }
  const counted = accepted + duplicates + rejectedTotal;
  if (counted !== read) return unexpected(`${counted} events counted where ${read} were read`);
  const counts: Counts = { read, accepted, duplicates, rejected, rejectedTotal };
  if (stopped === null) return { kind: 'counted', ...counts };
  return { kind: 'stopped', refusal: stopped, ...counts };
}

function stoppedOf(answer: HttpAnswer, body: Json): Refusal | null {
  const stopped = body['stopped'];
  if (!isObject(stopped)) return null;
  return {
    status: answer.status,
    code: textOf(stopped['code']) ?? `HTTP_${answer.status}`,
    detail: textOf(stopped['detail']) ?? '',
    retryAfterMs:
      secondsToMs(stopped['retryAfter']) ?? parseRetryAfterMs(answer.retryAfter, Date.now()),
  };
}

function rejectionsOf(list: unknown, itemsSent: number): Rejection[] | null {
  if (!Array.isArray(list)) return null;
  const rejections: Rejection[] = [];
  for (const entry of list as unknown[]) {
    if (!isObject(entry)) return null;
    const index = countOf(entry['index']);
    if (index === null || index >= itemsSent) return null;
    const code = textOf(entry['code']) ?? 'REJECTED';
    rejections.push({ index, code, message: textOf(entry['message']) ?? '' });
  }
  return rejections.sort((a, b) => a.index - b.index);
}

function parseObject(body: string | null): Json | null {
  try {
    const json: unknown = JSON.parse(body ?? '');
    return isObject(json) ? json : null;
  } catch {
    return null; // a proxy's HTML page, say
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, TEXT_LENGTH_MAX) : null;

const secondsToMs = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 ? value * 1_000 : null;
