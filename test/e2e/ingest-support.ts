import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request, type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { RunningApplication } from '../support/running-application.js';
import type { Answer } from '../support/send-request.js';
import { createTestDatabase } from '../support/test-database.js';

export const NDJSON = { 'Content-Type': 'application/x-ndjson' };

/** An application that loads nothing meanwhile, so that only ingest is looked at, and how to end it. */
export async function startIngest(
  env: Readonly<Record<string, string>> = {},
  dataDir?: string,
): Promise<{ application: RunningApplication; end: () => Promise<void> }> {
  const database = await createTestDatabase();
  const application = await RunningApplication.start({
    databaseUrl: database.url,
    env: { LOAD_CRON: '0 0 0 1 1 *', ...env },
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const end = async (): Promise<void> => {
    await application.kill();
    await database.drop();
  };
  return { application, end };
}

/** A `POST /events` whose body the caller writes; without a length of its own it goes in chunks. */
export function openPost(
  baseUrl: string,
  headers: OutgoingHttpHeaders,
): { request: ClientRequest; answer: Promise<Answer> } {
  const { hostname, port } = new URL(baseUrl);
  const options = { hostname, port, path: '/events', method: 'POST', headers, agent: false };
  const outgoing = request(options);
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject); // behind an answer it is of no interest
    outgoing.once('response', (response) => {
      const { statusCode = 0, headers: received } = response;
      text(response).then((content) => {
        const json = JSON.parse(content) as unknown;
        resolve({ status: statusCode, headers: received, text: content, json });
      }, reject);
    });
  });
  return { request: outgoing, answer };
}

/** Sends all parts, no faster than they are taken. Ends early when the answer is there already. */
export async function sendParts(
  baseUrl: string,
  headers: OutgoingHttpHeaders,
  parts: Iterable<Buffer | string>,
): Promise<Answer> {
  const { request: outgoing, answer } = openPost(baseUrl, headers);
  const answered = answer.then(
    () => true,
    () => true,
  );
  for (const part of parts) {
    if (outgoing.write(part)) continue;
    const drained = once(outgoing, 'drain').then(
      () => false,
      () => true,
    );
    if (await Promise.race([answered, drained])) break;
  }
  outgoing.end();
  return answer;
}

const LINES_AT_ONCE = 500;

/** Sends lines as a body, each with its end. */
export function sendLines(baseUrl: string, lines: readonly string[]): Promise<Answer> {
  const parts: string[] = [];
  for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
    parts.push(`${lines.slice(from, from + LINES_AT_ONCE).join('\n')}\n`);
  }
  return sendParts(baseUrl, NDJSON, parts);
}

/** A connection for bytes that no client of HTTP would send. */
export async function openSocket(baseUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

/** What a request line and headers to `POST /events` are, up to the body. */
export const headOf = (...headers: string[]): string =>
  ['POST /events HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n');

/** All that comes until the other side ends: the status of the first answer, and its body as JSON. */
export async function lastWords(
  socket: Socket,
): Promise<{ status: number | null; json: Record<string, unknown> | null }> {
  const content = await text(socket).catch(() => '');
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3})/.exec(content)?.[1];
  const body = content.slice(content.indexOf('\r\n\r\n') + 4);
  return {
    status: status === undefined ? null : Number(status),
    json: body === '' ? null : (JSON.parse(body) as Record<string, unknown>),
  };
}

/** The most memory that a process ever had, in bytes; 0 where the system does not tell. */
export async function peakMemory({ pid }: { readonly pid: number }): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
