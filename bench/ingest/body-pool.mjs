import { eventMaker } from '../load/event-maker.mjs';
import { addEvent, addSums, noSums } from './event-sums.mjs';

const USERS = 10_000;
const ROUND_DIGITS = 7;
const ZERO = 48;

/**
 * Requests that are made before the clock starts. Each sender has bodies of its own, whose bytes are its own from `take`
 * until the answer. With ids, each time that a body is taken its ids are new: they are `bench-<body>-<round>-<line>`, and
 * only the digits of the round that change are written anew.
 */
export class BodyPool {
  #bodies;
  #senders;
  #turns;

  /**
   * @param load `senders`, `bodiesPerSender`, `eventsPerBody`, `ids` or not; and `head`, what stands before a body of so
   * many bytes
   */
  constructor({ senders, bodiesPerSender, eventsPerBody, ids, head }) {
    const nextEvent = eventMaker(USERS);
    this.#senders = senders;
    this.#turns = new Uint32Array(senders);
    this.#bodies = Array.from({ length: senders * bodiesPerSender }, (_, number) => {
      const events = Array.from({ length: eventsPerBody }, nextEvent);
      return makeBody({ events, prefix: ids ? `bench-${number}-` : null, head });
    });
  }

  /** @returns the next body of this sender; `bytes` are the whole request, `answered` how many of them were answered */
  take(sender) {
    const turn = this.#turns[sender]++;
    const perSender = this.#bodies.length / this.#senders;
    const body = this.#bodies[sender + (turn % perSender) * this.#senders];
    if (body.roundEnds.length > 0 && body.taken > 0) renumber(body);
    body.taken++;
    return body;
  }

  /** What was answered: the `sums` over its events, and how often each body was, which tells the ids, too. */
  answered() {
    const sums = noSums();
    for (const body of this.#bodies) addSums(sums, body.sums, body.answered);
    return { sums, rounds: this.#bodies.map((body) => body.answered) };
  }
}

function makeBody({ events, prefix, head }) {
  const sums = noSums();
  for (const event of events) addEvent(sums, event);
  const round = '0'.repeat(ROUND_DIGITS);
  const lines = events.map((event, line) =>
    JSON.stringify(prefix === null ? event : { id: `${prefix}${round}-${line}`, ...event }),
  );
  const text = events.length === 1 ? lines[0] : `${lines.join('\n')}\n`;
  const request = `${head(Buffer.byteLength(text))}${text}`;
  const bytes = Buffer.from(request);
  const roundEnds = [];
  if (prefix !== null) {
    const idStart = `"id":"${prefix}`;
    for (let at = request.indexOf(idStart); at !== -1; at = request.indexOf(idStart, at + 1)) {
      roundEnds.push(at + idStart.length + ROUND_DIGITS - 1); // all is ASCII: characters are bytes
    }
  }
  return { bytes, sums, roundEnds, taken: 0, answered: 0 };
}

function renumber({ bytes, roundEnds, taken }) {
  let changed = 1;
  for (let rest = taken; rest % 10 === 0; rest /= 10) changed++;
  for (let digit = 0, rest = taken; digit < changed; digit++, rest = Math.floor(rest / 10)) {
    const code = ZERO + (rest % 10);
    for (const end of roundEnds) bytes[end - digit] = code;
  }
}
