import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

export interface ProblemOptions {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people: what happened, where, and what to do. */
  readonly detail: string;
  /** Sent as the `Retry-After` header and in the body. */
  readonly retryAfterSeconds?: number;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An expected refusal, answered as RFC 9457 `application/problem+json`. */
export class Problem extends HttpException {
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(options: ProblemOptions) {
    super(problemBody(options), options.status);
    this.message = options.detail;
    this.code = options.code;
    const retry = options.retryAfterSeconds;
    const retryHeader = retry === undefined ? {} : { 'Retry-After': String(retry) };
    this.headers = { ...retryHeader, ...options.headers };
  }
}

/** The body of a problem: RFC 9457's members, then `code`, then whatever the route adds. */
function problemBody(options: ProblemOptions): Record<string, unknown> {
  const { status, code, detail, retryAfterSeconds, members } = options;
  const retry = retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds };
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    type: 'about:blank',
    title,
    status,
    code,
    detail,
    ...retry,
    ...members,
  };
}
