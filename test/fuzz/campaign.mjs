import { sendBroken } from './broken-wire.mjs';
import { checkAnswer, Violation } from './check-answer.mjs';
import { makeCase } from './fuzz-case.mjs';
import { Lane } from './lane.mjs';
import { Ledger } from './ledger.mjs';

const LANES = 16;
/** Requests under way on one connection. */
const PIPELINED_MAX = 8;

/** Sends cases over connections that are kept and pipelined, and judges each answer. */
export class Campaign {
  ledger = new Ledger();
  requests = 0;
  /** Of answers, by their status and code. */
  answers = new Map();
  #seed;
  #next;
  #end;
  #addresses;
  #failure = null;

  /** @param options `seed`, `from` and `cases` (numbers), `urls` of the listeners */
  constructor({ seed, from, cases, urls }) {
    this.#seed = seed;
    this.#next = from;
    this.#end = from + cases;
    this.#addresses = urls.map((url) => ({
      host: new URL(url).hostname,
      port: Number(new URL(url).port),
    }));
  }

  /** The number of the case that comes next. */
  get position() {
    return this.#next;
  }

  /** @throws Violation with the number of its case */
  async run() {
    await Promise.all(
      Array.from({ length: LANES }, (_, i) => this.#drive(new Lane(this.#addresses[i % 2]))),
    );
    if (this.#failure !== null) throw this.#failure;
  }

  async #drive(lane) {
    const room = new Room(PIPELINED_MAX);
    while (this.#next < this.#end && this.#failure === null) {
      const number = this.#next;
      this.#next += 1;
      const { requests, together } = makeCase(this.#seed, number);
      const answers = [];
      for (const request of requests) {
        await room.enter();
        answers.push(this.#send(lane, request).finally(() => room.leave()));
        if (request.alone) await Promise.allSettled(answers);
      }
      Promise.all(answers)
        .then((all) => together?.(all))
        .catch((error) => this.#fail(number, error));
    }
    await room.empty();
    lane.end();
  }

  async #send(lane, { wire, expectation, alone, broken, events }) {
    this.requests += 1;
    if (broken !== undefined) return this.#sendBroken(broken, events);
    if (alone) await lane.quiet();
    const answer = await lane.send(wire);
    this.#count(answer);
    try {
      this.ledger.add(checkAnswer(answer, expectation));
    } catch (error) {
      throw new Violation(
        `${error.message}\n\n${excerpt(wire)}\n\n${answer.status} ${answer.body.slice(0, 2_000)}`,
        { cause: error },
      );
    }
    return answer;
  }

  async #sendBroken(broken, events) {
    this.ledger.addDoubtful(events);
    try {
      this.ledger.acceptedInDoubt += await sendBroken(this.#addresses[this.requests % 2], broken);
    } catch (error) {
      throw new Violation(`${error.message}\n\n${excerpt(broken.bytes)}`, { cause: error });
    }
  }

  #count({ status, body }) {
    const key = status < 400 ? String(status) : `${status} ${JSON.parse(body).code}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }

  #fail(number, error) {
    this.#failure ??= new Violation(`case ${number}: ${error.message}`, { cause: error });
  }
}

const excerpt = (bytes) => JSON.stringify(bytes.subarray(0, 3_000).toString('latin1'));

/** Lets so many in at a time. */
class Room {
  #free;
  #size;
  #waiting = [];

  constructor(size) {
    this.#free = this.#size = size;
  }

  async enter() {
    if (this.#free === 0) await new Promise((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
  }

  leave() {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  async empty() {
    for (let count = 0; count < this.#size; count += 1) await this.enter();
  }
}
