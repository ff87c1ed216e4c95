import { connect } from 'node:net';
import { Violation } from './check-answer.mjs';

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

/** Takes answers out of the bytes of a connection, one after the other. */
export class AnswerReader {
  #bytes = EMPTY;

  push(bytes) {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** What is there of an answer that is not complete. */
  get rest() {
    return this.#bytes;
  }

  /** The next answer, or null while it is not all there. A `100 Continue` is passed over. */
  next() {
    const headEnd = this.#bytes.indexOf(HEAD_END);
    if (headEnd === -1) return null;
    const [first, ...lines] = this.#bytes.toString('latin1', 0, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new Violation(`not an answer: ${first}`);
    const headers = new Map(lines.map((line) => splitHeader(line)));
    const from = headEnd + HEAD_END.length;
    const end = status === 100 ? { at: from, body: '' } : this.#body(from, headers);
    if (end === null) return null;
    this.#bytes = this.#bytes.subarray(end.at);
    return status === 100 ? this.next() : { status, headers, body: end.body };
  }

  #body(from, headers) {
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunks(from);
    const end = from + Number(headers.get('content-length') ?? 0);
    if (this.#bytes.length < end) return null;
    return { at: end, body: this.#bytes.toString('utf8', from, end) };
  }

  #chunks(from) {
    const parts = [];
    for (let at = from; ;) {
      const lineEnd = this.#bytes.indexOf(LINE_END, at);
      if (lineEnd === -1) return null;
      const size = Number.parseInt(this.#bytes.toString('latin1', at, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (this.#bytes.length < end) return null;
      if (size === 0) return { at: end, body: Buffer.concat(parts).toString() };
      parts.push(this.#bytes.subarray(lineEnd + 2, end - 2));
      at = end;
    }
  }
}

function splitHeader(line) {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/**
 * A keep-alive connection that carries several requests at a time. After an answer with `Connection: close` it is made
 * anew; a request that may be answered so is sent when nothing else is under way, or the others would be left in doubt.
 */
export class Lane {
  #address;
  #socket = null;
  #reader = new AnswerReader();
  #waiting = [];
  #idle = null;

  /** @param address `host`, `port` */
  constructor(address) {
    this.#address = address;
  }

  /** How many answers are waited for. */
  get pending() {
    return this.#waiting.length;
  }

  /** Resolves with the answer. @throws Violation when the connection ends without one */
  send(bytes) {
    this.#socket ??= this.#open();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(bytes);
    });
  }

  /** Resolves when no answer is waited for. */
  async quiet() {
    if (this.#waiting.length === 0) return;
    await new Promise((resolve) => (this.#idle = resolve));
  }

  end() {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open() {
    const socket = connect(this.#address).setNoDelay(true);
    this.#reader = new AnswerReader();
    const lost = (error) => {
      if (this.#socket === socket) this.#lose(error);
    };
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', lost);
    socket.on('close', () => lost(null));
    return socket;
  }

  #receive(bytes) {
    this.#reader.push(bytes);
    try {
      for (let answer = this.#reader.next(); answer !== null; answer = this.#reader.next())
        this.#settle(answer);
    } catch (error) {
      this.#lose(error);
    }
  }

  #settle(answer) {
    const request = this.#waiting.shift();
    if (request === undefined)
      throw new Violation(`an answer without a request: ${answer.status} ${answer.body}`);
    if (answer.headers.get('connection') === 'close') {
      const others = this.#waiting.length;
      this.end();
      if (others > 0)
        this.#lose(
          new Violation(`closed behind ${answer.status} ${answer.body}, before ${others} others`),
        );
    }
    request.resolve(answer);
    if (this.#waiting.length === 0) this.#idle?.();
  }

  #lose(error) {
    this.end();
    const cause = error ?? new Violation('the connection ended without an answer');
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
    this.#idle?.();
  }
}
