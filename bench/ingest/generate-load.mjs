/**
 * The sender: requests by hand on bare sockets, since an HTTP client costs more than the servers that are measured. A
 * closed loop: each connection sends its next request when the one before is answered.
 */
import { connect } from 'node:net';
import { Latencies } from '../support/latencies.mjs';
import { BodyPool } from './body-pool.mjs';

const HEAD_END = '\r\n\r\n';
const ANSWER_BYTES_MAX = 16 * 1024;

/**
 * @param load `url` of the server, `path`, `contentType`, `senders` (connections), `warmUpSeconds`, `seconds`, the very
 * `answer` that every request must have, and what `BodyPool` takes
 * @returns `eventsPerSecond`, `requestsPerSecond`, p50 and p99 in ms, all after the warm-up; and what was `answered` since
 * the start. When it resolves, all that was sent is answered
 * @throws for an answer that is another one than 202 with that body, and for a connection that ends
 */
export async function generateLoad({ url, warmUpSeconds, seconds, ...load }) {
  const { hostname, port, host } = new URL(url);
  const head = (bytes) =>
    [
      `POST ${load.path} HTTP/1.1`,
      `Host: ${host}`,
      `Content-Type: ${load.contentType}`,
      `Content-Length: ${bytes}`,
      '\r\n',
    ].join('\r\n');
  const pool = new BodyPool({ ...load, head });
  const latencies = new Latencies();
  const measureFrom = performance.now() + warmUpSeconds * 1000;
  const end = measureFrom + seconds * 1000;
  const note = (sentAt, now) => {
    if (now >= measureFrom && now < end) latencies.add(now - sentAt);
    return now < end;
  };
  await Promise.all(
    Array.from({ length: load.senders }, (_, sender) =>
      send({ port: Number(port), host: hostname, ...load }, () => pool.take(sender), note),
    ),
  );
  const { callsPerSecond, ...times } = latencies.summarize(seconds * 1000);
  return {
    eventsPerSecond: callsPerSecond * load.eventsPerBody,
    requestsPerSecond: callsPerSecond,
    ...times,
    answered: pool.answered(),
  };
}

/** One connection. @param note hears when a request was sent and answered, and says whether to go on */
function send({ port, host, answer }, take, note) {
  return new Promise((resolve, reject) => {
    let body = null;
    let sentAt = 0;
    let received = '';
    const next = () => {
      body = take();
      sentAt = performance.now();
      socket.write(body.bytes);
    };
    const onBytes = (length, buffer) => {
      received += buffer.latin1Slice(0, length);
      try {
        if (!isAnswer(received, answer)) return true;
      } catch (error) {
        socket.destroy(error);
        return false;
      }
      received = '';
      body.answered++;
      if (note(sentAt, performance.now())) next();
      else socket.end(resolve);
      return true;
    };
    const onread = { buffer: Buffer.alloc(ANSWER_BYTES_MAX), callback: onBytes };
    const socket = connect({ port, host, noDelay: true, onread }, next);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server ended a connection')));
  });
}

/** @returns whether it is all there @throws for another answer than the expected one */
function isAnswer(received, expected) {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1];
  const body = received.slice(headEnd + HEAD_END.length);
  if (length !== undefined && body.length < Number(length)) return false;
  if (received.startsWith('HTTP/1.1 202 ') && body === expected) return true;
  throw new Error(`instead of 202 ${expected} a request was answered\n${received.slice(0, 2000)}`);
}
