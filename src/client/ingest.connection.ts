import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { IngestTarget } from './ingest-target.js';
import { PARCEL_MEDIA_TYPE } from './packer.js';
import type { HttpAnswer } from './read-answer.js';

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * `no-answer` says nothing about what the server did: it may have stored all of it, unless the
 * request did not even reach a connection.
 */
export type Posted =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'no-answer'; readonly reached: boolean; readonly cause: string };

export interface ConnectionBounds {
  readonly concurrencyMax: number;
  readonly requestTimeoutMs: number;
}

/**
 * Keep-alive connections to ingest. Redirects are answers like any other and never followed, so the
 * key goes nowhere but to the configured place.
 */
export class IngestConnection {
  private readonly agent: Agent;

  constructor(
    readonly target: IngestTarget,
    private readonly bounds: ConnectionBounds,
  ) {
    const options = { keepAlive: true, maxSockets: bounds.concurrencyMax };
    this.agent = this.secure ? new HttpsAgent(options) : new Agent(options);
  }

  private get secure(): boolean {
    return this.target.url.protocol === 'https:';
  }

  /** Posts one parcel. Never rejects. `cut` ends the wait for the answer. */
  async post(body: string, cut: AbortSignal): Promise<Posted> {
    if (cut.aborted) return { kind: 'no-answer', reached: false, cause: 'the run was cut' };
    const bytes = Buffer.from(body);
    const send = this.secure ? httpsRequest : httpRequest;
    const request = send(this.target.url, {
      method: 'POST',
      agent: this.agent,
      headers: this.headers(bytes.length),
    });
    let reached = false;
    const reach = (): void => {
      reached = true;
    };
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', reach);
      else reach();
    });
    let abandoned: string | null = null;
    const abandon = (cause: string): void => {
      abandoned = cause;
      request.destroy();
    };
    const { requestTimeoutMs } = this.bounds;
    const timer = setTimeout(() => {
      abandon(`no answer within ${requestTimeoutMs / 1_000} s`);
    }, requestTimeoutMs);
    const onCut = (): void => {
      abandon('the run was cut');
    };
    cut.addEventListener('abort', onCut, { once: true });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // Stays attached: a server that answers before it has read all may reset the connection.
        request.on('error', reject);
        request.once('response', resolve);
        request.once('close', () => {
          reject(new Error('the connection was closed'));
        });
        request.end(bytes);
      });
      return { kind: 'answer', answer: await readResponse(response) };
    } catch (error) {
      return { kind: 'no-answer', reached, cause: abandoned ?? causeOf(error) };
    } finally {
      // Answered early: a socket that the server does not read from must not be used again.
      if (!request.writableFinished) request.destroy();
      clearTimeout(timer);
      cut.removeEventListener('abort', onCut);
    }
  }

  /** Lets go of the idle connections. */
  close(): void {
    this.agent.destroy();
  }

  private headers(contentLength: number): Record<string, string | number> {
    const { authorization } = this.target;
    return {
      Accept: 'application/json, application/problem+json',
      'Content-Type': PARCEL_MEDIA_TYPE,
      'Content-Length': contentLength,
      ...(authorization === null ? {} : { Authorization: authorization }),
    };
  }
}

async function readResponse(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break; // leaving the loop destroys the response
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    location: response.headers.location,
    body: bytes > ANSWER_BYTES_MAX ? null : Buffer.concat(chunks).toString('utf8'),
  };
}

/** A refused `localhost` is an AggregateError, one error per address and no message of its own. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  if (parts.length > 0) return [...new Set(parts.map(causeOf))].join('; ');
  const { code } = error as NodeJS.ErrnoException;
  return error.message || (code ?? error.name);
}
