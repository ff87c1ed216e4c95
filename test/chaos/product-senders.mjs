import { setTimeout as sleep } from 'node:timers/promises';
import { eventsInCall, productEvents } from './product-events.mjs';
import { range, SENDERS } from './records.mjs';
import { Violation } from './stored-records.mjs';

const PAUSE_MS = 20;
/** Between two calls of a sender, unless it is in a hurry. */
const SLOW_MS = 50;
/** A call of one in a hurry has so many times the events. */
const HURRIED_TIMES = 25;
/** At the start of a life. */
const FIRST_HURRY_EVENTS = 3_000;
/** Events that are sent again though they were answered. */
const AGAIN = 50;
const ANSWER_MAX_MS = 60_000;
/** Not now, or too much at once: to be tried again. */
const LATER = [429, 503];

/** Senders as they should be: each sends its events in order, with ids, and again until it is answered. */
export class ProductSenders {
  /** By sender, how many of its events were answered. */
  acknowledged = new Array(SENDERS).fill(0);
  #lifeEventsMax;
  /** Until so many were answered, they hurry. */
  #hurriesUntil = 0;

  /** @param lifeEventsMax so many are sent to one life of the application, at most */
  constructor(lifeEventsMax) {
    this.#lifeEventsMax = lifeEventsMax;
  }

  get total() {
    return this.acknowledged.reduce((sum, count) => sum + count, 0);
  }

  /** The next events come in large calls without a pause. */
  hurry(events) {
    this.#hurriesUntil = this.total + events;
  }

  /** Resolves when they hurry no more, or at the end of the time. */
  async hurried(milliseconds) {
    for (const deadline = Date.now() + milliseconds; Date.now() < deadline;) {
      if (!this.#hurries) return;
      await sleep(PAUSE_MS);
    }
  }

  /**
   * All of them send until nobody answers any more, or enough came. First of all, what was answered before is
   * sent once more, and what was under way: so before anybody goes on, that is answered.
   * @param old `again`, from 0 to below 1: what of that which is known; `since`, by sender: from where on its
   * ids are known for certain
   */
  async sendOn(url, old) {
    const senders = range(0, SENDERS);
    await Promise.all(senders.map((sender) => this.#sendAgain(url, sender, old)));
    const answered = await Promise.all(senders.map((sender) => this.#sendCall(url, sender)));
    if (answered.includes(false)) return;
    this.hurry(FIRST_HURRY_EVENTS);
    const end = this.total + this.#lifeEventsMax;
    const send = async (sender) => {
      while (this.total < end) {
        if (!this.#hurries) await sleep(SLOW_MS);
        if (!(await this.#sendCall(url, sender))) return;
      }
    };
    await Promise.all(senders.map(send));
  }

  /** Each sends the call that it has under way, until it is answered; and then more, `events` in all. */
  async finish(url, events) {
    const end = this.total + events;
    this.hurry(events);
    do {
      const answered = range(0, SENDERS).map((sender) => this.#sendCall(url, sender));
      if ((await Promise.all(answered)).includes(false)) {
        throw new Violation('manual', 'the application takes no events any more');
      }
    } while (this.total < end);
  }

  get #hurries() {
    return this.total < this.#hurriesUntil;
  }

  async #sendAgain(url, sender, old) {
    const end = this.acknowledged[sender];
    const since = old.since[sender];
    const from = since + Math.floor(old.again * (end - since));
    const to = Math.min(end, from + AGAIN);
    if (from === to) return;
    const answer = await post(`${url}/events`, JSON.stringify(productEvents(sender, from, to)));
    if (answer?.status !== 202 || JSON.parse(answer.text).accepted === 0) return;
    const what = `${to - from} events from ${sender}:${from} on`;
    throw new Violation('doubled', `${what} were acknowledged, and now ${answer.text}`);
  }

  /** @returns whether it was answered; without an answer nobody knows, and it is to be sent again */
  async #sendCall(url, sender) {
    const from = this.acknowledged[sender];
    const to = from + eventsInCall(sender, from) * (this.#hurries ? HURRIED_TIMES : 1);
    const body = JSON.stringify(productEvents(sender, from, to));
    for (;;) {
      const answer = await post(`${url}/events`, body);
      if (answer === null) return false;
      if (LATER.includes(answer.status)) {
        await sleep(PAUSE_MS);
        continue;
      }
      if (answer.status !== 202) {
        throw new Violation('wrong', `POST /events is answered ${answer.status} ${answer.text}`);
      }
      const { accepted, duplicates } = JSON.parse(answer.text);
      if (accepted + duplicates !== to - from) {
        throw new Violation('wrong', `of ${to - from} events, the answer tells ${answer.text}`);
      }
      this.acknowledged[sender] = to;
      return true;
    }
  }
}

/** Null when no whole answer came. */
async function post(url, body) {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}
