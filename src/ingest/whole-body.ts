import type { IncomingMessage } from 'node:http';
import type { BodyBytes } from '../shared/http/body-bytes.js';
import type { BodyWatch } from '../shared/http/body-watch.js';
import { Problem } from '../shared/http/problem.js';
import { bodyIncomplete } from './body-incomplete.js';
import { BodyReader } from './body-reader.js';
import { HeldBody } from './held-body.js';

export interface WholeBodyOptions {
  readonly watch: BodyWatch;
  readonly bodyBytes: BodyBytes;
  readonly bytesMax: number;
}

/**
 * Reads a body to its end, unpacked; the caller releases it.
 * @throws Problem 400, 408, 413, 415 or 503; then nothing is held any more.
 */
export function readWholeBody(
  request: IncomingMessage,
  options: WholeBodyOptions,
): Promise<HeldBody> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > options.bytesMax) return Promise.reject(tooLarge(options.bytesMax));
  const isPlain = request.headers['content-encoding'] === undefined;
  return isPlain ? readPlain(request, options) : readPacked(request, options);
}

/**
 * By events: a body of one chunk, which nearly all single events are, costs two promises less so. No listener is taken
 * away again before something is wrong, nor called once by a wrapper: both cost more than to do nothing.
 */
function readPlain(request: IncomingMessage, options: WholeBodyOptions): Promise<HeldBody> {
  const { watch, bodyBytes, bytesMax } = options;
  return new Promise((resolve, reject) => {
    const body = new HeldBody(bodyBytes, bytesMax);
    let ended = false;
    const fail = (problem: Problem): void => {
      if (ended) return;
      ended = true;
      watch.done(watched);
      body.release();
      request.off('data', take);
      reject(problem);
    };
    const take = (chunk: Buffer): void => {
      try {
        addChunk(body, chunk, bytesMax);
      } catch (problem) {
        fail(problem as Problem);
      }
    };
    const end = (): void => {
      if (ended) return;
      ended = true;
      watch.done(watched);
      resolve(body);
    };
    const cut = (): void => {
      if (!ended) fail(bodyIncomplete());
    };
    const watched = watch.watch(request, fail);
    request.on('data', take).on('end', end).on('close', cut).on('error', ignore);
  });
}

async function readPacked(request: IncomingMessage, options: WholeBodyOptions): Promise<HeldBody> {
  const { watch, bodyBytes } = options;
  // Its size is bounded, so its ratio need not be.
  const reader = new BodyReader(request, { watch, bodyBytes, ratioMax: Infinity });
  const body = new HeldBody(bodyBytes, options.bytesMax);
  try {
    for (let chunk = await reader.next(); chunk !== null; chunk = await reader.next()) {
      addChunk(body, chunk, options.bytesMax);
    }
    return body;
  } catch (error) {
    body.release();
    throw error;
  } finally {
    reader.close();
  }
}

function addChunk(body: HeldBody, chunk: Buffer, bytesMax: number): void {
  if (body.length + chunk.length > bytesMax) throw tooLarge(bytesMax);
  body.add(chunk);
}

/** What is wrong with a request whose connection breaks is told by its end. */
const ignore = (): void => undefined;

function tooLarge(bytesMax: number): Problem {
  const detail = `the body is longer than JSON_BODY_BYTES_MAX (${bytesMax} bytes): send it in parts, or as NDJSON, which has no bound`;
  return new Problem({ status: 413, code: 'BODY_TOO_LARGE', detail });
}
