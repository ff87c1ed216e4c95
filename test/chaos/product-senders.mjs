import { setTimeout as sleep } from 'node:timers/promises';
import { eventsInCall, productEvents } from './product-events.mjs';
import { range, SENDERS } from './records.mjs';
import { Violation } from './stored-records.mjs';

const PAUSE_MS = 20;
/** So many are sent between a start and a kill, at most; the last half of them more slowly. */
export const LIFE_EVENTS_MAX = 15_000;
const SLOW_MS = 50;
/** Events that are sent again though they were answered. */
const AGAIN = 50;
const ANSWER_MAX_MS = 60_000;
/** Not now, or too much at once: to be tried again. */
const LATER = [429, 503];

/** Senders as they should be: each sends its events in order, with ids, and again until it is answered. */
export class ProductSenders {
  /** By sender, how many of its events were answered. */
  acknowledged = new Array(SENDERS).fill(0);

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
    const before = this.#total;
    const send = async (sender) => {
      for (let sent = 0; sent < LIFE_EVENTS_MAX; sent = this.#total - before) {
        if (sent > LIFE_EVENTS_MAX / 2) await sleep(SLOW_MS);
        if (!(await this.#sendCall(url, sender))) return;
      }
    };
    await Promise.all(senders.map(send));
  }

  /** Each sends the call that it has under way, until it is answered; and then more, `events` in all. */
  async finish(url, events) {
    const before = this.#total;
    do {
      const answered = range(0, SENDERS).map((sender) => this.#sendCall(url, sender));
      if ((await Promise.all(answered)).includes(false)) {
        throw new Violation('manual', 'the application takes no events any more');
      }
    } while (this.#total - before < events);
  }

  get #total() {
    return this.acknowledged.reduce((sum, count) => sum + count, 0);
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
    const to = from + eventsInCall(sender, from);
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
