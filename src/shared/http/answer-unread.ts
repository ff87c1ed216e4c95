import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from './problem.js';
import { nextRequestId } from './request-id.js';
import type { RequestLog } from './request-log.js';

/** How long the sender may take to read the answer. */
const READ_MS_MAX = 1_000;

/** What Node says of a connection, whose `code` tells what went wrong. */
export type ConnectionError = Error & { readonly code?: string; readonly reason?: string };

/**
 * Answers, on the bare connection, what never became a request: bytes that are no HTTP, too many
 * headers, or headers that do not come. The connection ends with that.
 */
export function answerUnread(socket: Socket, error: ConnectionError, log: RequestLog): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error);
  const [status, requestId] = [problem.getStatus(), nextRequestId()];
  const body = JSON.stringify(problem.getResponse());
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  log.noteUnread({ status, code: problem.code, requestId });
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), READ_MS_MAX).unref();
}

function problemOf({ code, reason, message }: ConnectionError): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const detail = 'the request line and the headers are longer than 16 KiB';
    return new Problem({ status: 431, code: 'HEADERS_TOO_LARGE', detail });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const detail = 'the headers did not come within HEADERS_SECONDS_MAX';
    return new Problem({ status: 408, code: 'HEADERS_TOO_SLOW', detail });
  }
  const detail = `this is not HTTP: ${reason ?? message}`;
  return new Problem({ status: 400, code: 'HTTP_INVALID', detail });
}
