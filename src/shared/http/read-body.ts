import express, { type Request, type Response } from 'express';
import { Problem, type ProblemOptions } from './problem.js';

export interface BodyBounds {
  /** Of the body, after decompression. */
  readonly bytesMax: number;
  /** Further members of the problem of a body that was cut. */
  readonly members?: NonNullable<ProblemOptions['members']>;
}

/**
 * The whole body as bytes, decompressed.
 * @throws Problem 413 when it is longer, 400 when it was cut, 415 for an unknown encoding.
 */
export function readBody(
  request: Request,
  response: Response,
  bounds: BodyBounds,
): Promise<Buffer> {
  const parse = express.raw({ type: () => true, limit: bounds.bytesMax });
  return new Promise((resolve, reject) => {
    parse(request, response, (error?: unknown) => {
      if (error !== undefined) reject(toError(error, bounds));
      else resolve(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    });
  });
}

function toError(error: unknown, { bytesMax, members = {} }: BodyBounds): Error {
  const { status, message } = error as Error & { status?: number };
  if (status === 413) {
    const detail = `the body is longer than JSON_BODY_BYTES_MAX (${bytesMax} bytes): send it in parts`;
    return new Problem({ status, code: 'BODY_TOO_LARGE', detail });
  }
  if (status === 415) return new Problem({ status, code: 'ENCODING_UNSUPPORTED', detail: message });
  if (status === 400) {
    return new Problem({ status, code: 'BODY_INCOMPLETE', detail: message, members });
  }
  return error as Error;
}
