import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { requestIdOf } from './request-id.js';

/**
 * So much of a body is read on when its request was answered before its end, ... Kernels hold megabytes of it on the way,
 * and throwing bytes away costs next to nothing.
 */
const LEFT_BYTES_MAX = 64 * 1024 * 1024;
/** ... and for so long: a sender stops when it has read the answer. */
const LEFT_MS_MAX = 5_000;
/** What is left to come when the answer has gone is waited for so long. */
const REST_MS_MAX = 1_000;
/** A body that is known to be this short costs less to read than a new connection does. */
const SHORT_BYTES_MAX = 64 * 1024;

/** An answer before its body. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
}

/**
 * Answers a request whose body may not be read to its end, and adds `X-Request-Id` and `Content-Length`. A
 * connection that is closed over unread bytes is reset, and its sender may never see the answer; one that is read on
 * for ever belongs to the sender. So what is left of the body is read on and thrown away, for 5 s and 64 MiB
 * at most, and with `Connection: close`, unless it is short. With a body that was read it is a plain answer.
 * @param body a text: while an earlier answer of the connection is still due, Node would put bytes behind a
 * `100 Continue`, and their head before it
 */
export function endRefused(response: ServerResponse, head: AnswerHead, body: string): void {
  const request = response.req;
  const isLong = isMuchLeft(request);
  if (isLong) response.shouldKeepAlive = false;
  response.writeHead(head.status, {
    ...head.headers,
    'X-Request-Id': requestIdOf(request),
    'Content-Length': Buffer.byteLength(body),
  });
  if (!isLong) {
    response.end(body);
    if (!request.complete) readOn(request); // what is left of it is short
    return;
  }
  response.write(body);
  discard(request, () => response.end());
}

/** Whether more of the body may come than is worth to be read, by what the headers say. */
function isMuchLeft({ headers, complete }: IncomingMessage): boolean {
  const declared = Number(headers['content-length'] ?? 0);
  const isChunked = headers['transfer-encoding'] !== undefined;
  if (complete || (declared === 0 && !isChunked)) return false;
  // Whoever waits to be asked for the body may never send it.
  return isChunked || declared > SHORT_BYTES_MAX || headers.expect !== undefined;
}

/** Reads on until the end of the body, or a bound; then calls `done`, once. */
function discard(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  const stop = (): void => {
    clearTimeout(timer);
    request.off('data', count).off('end', stop).off('close', stop);
    done();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > LEFT_BYTES_MAX) stop();
  };
  const timer = setTimeout(stop, LEFT_MS_MAX);
  request.on('data', count).once('end', stop).once('close', stop);
  if (request.destroyed || request.readableEnded) stop();
  else readOn(request);
}

/** Takes a request from a reader in the middle of its body, and lets the rest come. */
function readOn(request: IncomingMessage): void {
  request.unpipe().removeAllListeners('readable').on('error', ignore).resume();
}

/**
 * For a request that was answered: what is left of its body is thrown away by Node, for as long as it takes to
 * come; here the connection ends, unless it came within a second.
 * @param socket of the request, which may have lost it by now
 */
export function cutUnlessComplete(request: IncomingMessage, socket: Socket): void {
  if (request.complete || socket.destroyed) return;
  setTimeout(() => {
    if (!request.complete) socket.destroy();
  }, REST_MS_MAX).unref();
}

/** A connection that breaks now breaks behind the answer. */
const ignore = (): void => undefined;
