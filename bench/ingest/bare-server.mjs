import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves on a free port of this host until the process is asked to stop. @returns its `url` */
export async function serveBare(onRequest) {
  const server = createServer(onRequest).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.once('SIGTERM', () => process.exit(0)); // all is answered by then
  return { url: `http://127.0.0.1:${server.address().port}` };
}

/** The head of an answer, in the form that costs Node the least. */
export const answerHead = (body) => [
  ...['Content-Type', 'application/json'],
  ...['Content-Length', String(Buffer.byteLength(body))],
];
