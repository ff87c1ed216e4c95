import express, { type Request, type Response } from 'express';
import { Problem } from '../shared/http/problem.js';
import { NOTHING_STORED } from './accept-events.js';

/**
 * The whole body as bytes, decompressed, at most `bytesMax` of it after decompression.
 * @throws Problem 413 when it is longer, 400 when it was cut, 415 for an unknown encoding.
 */
export function readBody(request: Request, response: Response, bytesMax: number): Promise<Buffer> {
  const parse = express.raw({ type: () => true, limit: bytesMax });
  return new Promise((resolve, reject) => {
    parse(request, response, (error?: unknown) => {
      if (error !== undefined) reject(toError(error, bytesMax));
      else resolve(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    });
  });
}

function toError(error: unknown, bytesMax: number): Error {
  const { status, message } = error as Error & { status?: number };
  if (status === 413) {
    const detail = `the body is longer than JSON_BODY_BYTES_MAX (${bytesMax} bytes): send it in parts`;
    return new Problem({ status, code: 'BODY_TOO_LARGE', detail });
  }
  if (status === 415) return new Problem({ status, code: 'ENCODING_UNSUPPORTED', detail: message });
  if (status === 400) {
    const members = NOTHING_STORED;
    return new Problem({ status, code: 'BODY_INCOMPLETE', detail: message, members });
  }
  return error as Error;
}
