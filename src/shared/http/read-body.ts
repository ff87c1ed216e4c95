import express, { type Request, type Response } from 'express';
import type { BodyWatch } from './body-watch.js';
import { Problem } from './problem.js';

export interface BodyBounds {
  /** Of the body, after decompression. */
  readonly bytesMax: number;
  /** Cuts off a sender that holds the body back. */
  readonly watch: BodyWatch;
}

/**
 * The whole body as bytes, decompressed.
 * @throws Problem 408 when it comes too slowly, 413 when it is longer, 400 when it was cut, 415 for an unknown encoding.
 */
export function readBody(
  request: Request,
  response: Response,
  bounds: BodyBounds,
): Promise<Buffer> {
  const parse = express.raw({ type: () => true, limit: bounds.bytesMax });
  return new Promise((resolve, reject) => {
    const watched = bounds.watch.watch(request, reject);
    parse(request, response, (error?: unknown) => {
      bounds.watch.done(watched);
      if (error !== undefined) reject(toError(error, bounds));
      else resolve(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    });
  });
}

function toError(error: unknown, { bytesMax }: BodyBounds): Error {
  const { status, message, code } = error as Error & { status?: number; code?: string };
  if (status === 413) {
    const detail = `the body is longer than JSON_BODY_BYTES_MAX (${bytesMax} bytes): send it in parts`;
    return new Problem({ status, code: 'BODY_TOO_LARGE', detail });
  }
  if (status === 415) return new Problem({ status, code: 'ENCODING_UNSUPPORTED', detail: message });
  if (status === 400 || code?.startsWith('HPE_') === true) {
    return new Problem({ status: 400, code: 'BODY_INCOMPLETE', detail: message });
  }
  return error as Error;
}
