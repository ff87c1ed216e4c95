import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Unlike those of any other process, and of this one before its restart. */
const BOOT = randomBytes(6).toString('base64url');
const WELL_FORMED = /^[\w.-]{1,64}$/;
let made = 0;

/** What is known of a request from its first moment on. */
interface RequestMark {
  readonly id: string;
  /** `performance.now()`, in ms. */
  readonly startedAt: number;
  noted: boolean;
}

/** A member of the request: at this rate of requests a WeakMap would be felt. */
const MARK = Symbol('revenue-etl:request');

function markOf(request: IncomingMessage & { [MARK]?: RequestMark }): RequestMark {
  return (request[MARK] ??= { id: idOf(request), startedAt: performance.now(), noted: false });
}

/**
 * The id of a request, which its answer carries as `X-Request-Id` and its line in the log as
 * `requestId`: the one that it came with, where that is 1 to 64 of `[A-Za-z0-9._-]`, else one that is made here.
 */
export const requestIdOf = (request: IncomingMessage): string => markOf(request).id;

/** When a request was first looked at, by `performance.now()`. */
export const startOf = (request: IncomingMessage): number => markOf(request).startedAt;

/** True for the first call with this request: it has one line in the log, whoever comes to write it. */
export function noteOnce(request: IncomingMessage): boolean {
  const mark = markOf(request);
  const isFirst = !mark.noted;
  mark.noted = true;
  return isFirst;
}

/** For what has no request: bytes that are no HTTP. */
export const nextRequestId = (): string => `${BOOT}-${(made += 1)}`;

function idOf({ headers }: IncomingMessage): string {
  const sent = headers['x-request-id'];
  return typeof sent === 'string' && WELL_FORMED.test(sent) ? sent : nextRequestId();
}
