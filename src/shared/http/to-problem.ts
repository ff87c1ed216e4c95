import { HttpException, Logger } from '@nestjs/common';
import { Problem } from './problem.js';

/** The code of a refusal that Nest or Express raised, by its status. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'REQUEST_INVALID',
  404: 'ROUTE_UNKNOWN',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
};

const logger = new Logger('Http');

/** What to answer to whatever a route throws. Only the unforeseen is logged, with its stack. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = statusOf(error);
  if (status !== null && status < 500) {
    const code = CODE_BY_STATUS[status] ?? 'REQUEST_REFUSED';
    return new Problem({ status, code, detail: messageOf(error) });
  }
  logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const detail = 'an unforeseen error, see the log of the server';
  return new Problem({ status: 500, code: 'INTERNAL_ERROR', detail });
}

/** Nest's exceptions have getStatus(), the errors of Express and its parsers have `status`. */
function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : null;
}

function messageOf(error: unknown): string {
  if (!(error instanceof HttpException)) return (error as Error).message;
  const answer = error.getResponse();
  const message = typeof answer === 'string' ? answer : (answer as { message?: unknown }).message;
  if (Array.isArray(message)) return message.join('; ');
  return typeof message === 'string' ? message : error.message;
}
