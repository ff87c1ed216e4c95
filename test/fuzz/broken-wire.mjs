import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from './lane.mjs';
import { checkShape, Violation } from './check-answer.mjs';
import { judgeBytes } from './event-model.mjs';
import { toChunks } from './requests.mjs';

/** Connections whose bytes are no proper requests, or end too early. */

/** Once all is sent and the sender has ended, a server that still holds the connection holds it for ever. */
const CLOSED_WITHIN_MS = 60_000;

const JSON_HEAD = ['POST /events HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
const LINES_HEAD = [
  'POST /events HTTP/1.1',
  'Host: localhost',
  'Content-Type: application/x-ndjson',
];

const bytesOf = (head, body = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from([...head, '', ''].join('\r\n'), 'latin1'), body]);

/** @returns `broken`: what is sent and how it ends, and `events`, of which none or some may be in the log, in their order */
export function brokenRequest(random, number) {
  const count = 1 + random.below(20);
  const texts = Array.from(
    { length: count },
    (_, i) => `{"id":"b${number}:${i}","userId":"broken","name":"add_revenue","value":${i}}`,
  );
  const lines = random.chance(0.6);
  const head = lines ? LINES_HEAD : JSON_HEAD;
  const body = Buffer.from(lines ? `${texts.join('\n')}\n` : `[${texts.join(',')}]`);
  const bytes = random.weighted(KINDS)(random, { head, body });
  const events = texts.map((text) => judgeBytes(Buffer.from(text)));
  return { broken: { bytes, destroys: random.chance(0.3), pieces: 1 + random.below(3) }, events };
}

const cutAt = (random, bytes) => bytes.subarray(0, random.below(bytes.length));

const KINDS = [
  [4, tooShort],
  [2, tooLong],
  [4, cutChunks],
  [3, badFraming],
  [3, badHead],
  [
    1,
    (random, { head, body }) =>
      cutAt(random, bytesOf([...head, `Content-Length: ${body.length}`], body)),
  ],
];

function tooShort(random, { head, body }) {
  const part = cutAt(random, body);
  return bytesOf([...head, `Content-Length: ${body.length + random.below(2)}`], part);
}

function tooLong(random, { head, body }) {
  return bytesOf([...head, `Content-Length: ${random.below(body.length)}`], body);
}

function cutChunks(random, { head, body }) {
  const chunks = toChunks(body, [1 + random.below(200)]);
  const broken = random.weighted([
    [3, () => cutAt(random, chunks)],
    [
      1,
      () =>
        Buffer.from(
          chunks
            .toString()
            .replace(/^[0-9a-f]+/, () => random.pick(['zz', '-1', 'ffffffffffffffffff', ''])),
        ),
    ],
    [1, () => Buffer.from(chunks.toString().replaceAll('\r\n', '\n'))],
    [1, () => Buffer.concat([chunks.subarray(0, -5), Buffer.from('garbage')])],
    [
      1,
      () =>
        Buffer.from(
          chunks.toString().replace('\r\n', `;ext=${'x'.repeat(random.pick([3, 30_000]))}\r\n`),
        ),
    ],
  ])();
  return bytesOf([...head, 'Transfer-Encoding: chunked'], broken);
}

function badFraming(random, { head, body }) {
  const length = `Content-Length: ${body.length}`;
  const framing = random.pick([
    ...[
      [length, 'Transfer-Encoding: chunked'],
      [length, `Content-Length: ${body.length + 1}`],
      ['Content-Length: -1'],
    ],
    ...[
      ['Content-Length: abc'],
      ['Content-Length: 0x10'],
      ['Content-Length: 99999999999999999999'],
      ['Content-Length: +5'],
    ],
    ...[
      ['Transfer-Encoding: xchunked'],
      ['Transfer-Encoding: gzip, chunked'],
      ['Transfer-Encoding: chunked, identity'],
    ],
    ...[
      ['Transfer-Encoding:\tchunked', length],
      [],
      ['Content-Length:'],
      [`Content-Length: ${body.length} ${body.length}`],
    ],
  ]);
  return bytesOf([...head, ...framing], body);
}

function badHead(random, { head, body }) {
  const length = `Content-Length: ${body.length}`;
  const [, host, type] = head;
  const heads = [
    ...[
      ['POST /events HTTP/3.0', host, type],
      ['POST /events', host],
      ['post /events HTTP/1.1', host, type],
    ],
    ...[
      ['POST  /events HTTP/1.1', host],
      ['FETCH /events HTTP/1.1', host],
      ['POST /events HTTP/1.1', type],
    ],
    ...[
      [...head, 'no colon'],
      [...head, 'X-Nul: a\0b'],
      [...head, `X-Long: ${'x'.repeat(100_000)}`],
      [...head, 'Host: b'],
    ],
    ...[
      [...head, ...Array.from({ length: 3_000 }, (_, i) => `X-${i}: 1`)],
      [...head, ' folded: x'],
      [...head, 'Expect: 200-ok'],
    ],
    ...[
      ['PRI * HTTP/2.0', '', 'SM'],
      ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      [''],
      ['GET /events HTTP/1.1', host],
    ],
    ...[
      ['POST /events HTTP/1.0', host, type],
      [...head, 'Upgrade: websocket', 'Connection: Upgrade'],
    ],
    ...[
      ['CONNECT localhost:80 HTTP/1.1', host],
      ['OPTIONS * HTTP/1.1', host],
      ['POST http://localhost/events HTTP/1.1', host, type],
    ],
    ...[
      ['DELETE /events HTTP/1.1', host],
      ['POST /%zz HTTP/1.1', host],
      ['POST /events/../../etc HTTP/1.1', host],
    ],
  ];
  return bytesOf([...random.pick(heads), length], body);
}

/**
 * Sends them on a connection of their own and ends it.
 * @returns how many records the answers acknowledge @throws Violation
 */
export async function sendBroken(address, { bytes, destroys, pieces }) {
  const socket = connect({ ...address, allowHalfOpen: true }).setNoDelay(true);
  const reader = new AnswerReader();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (part) => reader.push(part));
  socket.on('error', () => undefined); // a reset is an answer, too
  for (let piece = 0; piece < pieces; piece += 1) {
    const [from, to] = [piece, piece + 1].map((at) => Math.floor((bytes.length * at) / pieces));
    if (socket.writable) socket.write(bytes.subarray(from, to));
    if (piece + 1 < pieces) await new Promise((resolve) => setImmediate(resolve));
  }
  if (destroys) socket.destroy();
  else socket.end();
  socket.once('end', () => socket.end());
  const timeUp = new AbortController();
  const slow = sleep(CLOSED_WITHIN_MS, 'slow', { signal: timeUp.signal }).catch(() => undefined);
  if ((await Promise.race([closed, slow])) === 'slow')
    throw new Violation('the connection stays open');
  timeUp.abort();
  return countAccepted(reader);
}

function countAccepted(reader) {
  let accepted = 0;
  for (let answer = reader.next(); answer !== null; answer = reader.next()) {
    accepted += checkShape(answer).accepted ?? 0;
  }
  return accepted;
}
