import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is when bytes or text, as JSON with its Content-Type otherwise. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; null when it is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests reach into it by name
  readonly json: any;
}

/**
 * One request on a connection of its own. Unlike `fetch` it sends the path byte for byte (`..`, a
 * broken percent-encoding) and any Host header.
 * @param path with its query, as it goes into the request line
 */
export async function sendRequest(
  baseUrl: string,
  path: string,
  { method = 'GET', headers = {}, body }: RequestOptions = {},
): Promise<Answer> {
  const { hostname, port } = new URL(baseUrl);
  const raw = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined;
  const bytes = raw ? body : JSON.stringify(body);
  const type = raw ? {} : { 'Content-Type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path, method, headers: { ...type, ...headers } };
    const outgoing = request({ ...options, agent: false }, (response) => {
      text(response).then((content) => {
        const { statusCode = 0, headers: received } = response;
        resolve({ status: statusCode, headers: received, text: content, json: toJson(content) });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

/** `POST /events` with a JSON body, or with bytes that are called JSON. */
export const postEvents = (
  baseUrl: string,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> =>
  sendRequest(baseUrl, '/events', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });

function toJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
