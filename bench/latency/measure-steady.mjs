import { setTimeout as sleep } from 'node:timers/promises';
import { eventMaker } from '../load/event-maker.mjs';
import { openLoop, wallTime } from '../support/open-loop.mjs';
import { emptyTables } from '../support/with-database.mjs';
import { EventPoster } from './event-poster.mjs';
import { withApplication } from './with-application.mjs';

const EVENTS_PER_CALL = 100;
const POLL_MS = 50;
/** Loads begin each second: asked once a second, the lag is always that of one moment between two of them. */
const STATUS_MS = 130;
const VISIBLE_MAX_MS = 60_000;
const USERS = 10_000;

/**
 * Steady events to an application that loads as it does by default. The last event of each call is for a user that no
 * other one is for, so the row of that user tells when it is in the balances.
 * @param bench `dataDir`, empty; `database`; `eventsPerSecond`; `seconds`
 * @returns in ms: `visible`, from the answer to the balance, at most 50 ms more than it was; `answered`, from when
 * a call was due. And `lags` of /status
 */
export async function measureSteady({ dataDir, database, eventsPerSecond, seconds }) {
  await emptyTables(database.query);
  return withApplication({ dataDir, url: database.url }, async (url) => {
    const stop = AbortSignal.timeout(seconds * 1000);
    const probes = new Probes(database.query);
    const poster = new EventPoster(url);
    const nextEvent = eventMaker(USERS);
    const perSecond = eventsPerSecond / EVENTS_PER_CALL;
    const posting = openLoop({ perSecond, stop }, async (call) => {
      const events = Array.from({ length: EVENTS_PER_CALL - 1 }, nextEvent);
      const probe = { userId: `probe-${call}`, name: 'add_revenue', value: 1 };
      await poster.post([...events, probe]);
      probes.answered(probe.userId);
    });
    const watching = watchLag(url, stop);
    const polling = probes.poll(stop);
    const [samples, lags] = await Promise.all([posting, watching, polling]);
    await probes.waitForRest();
    poster.close();
    return { visible: probes.latencies, answered: samples.map(({ latency }) => latency), lags };
  });
}

/** Users with a single event, and how long after its answer they had a balance. */
class Probes {
  latencies = [];
  #query;
  #answeredAt = new Map();

  constructor(query) {
    this.#query = query;
  }

  answered(userId) {
    this.#answeredAt.set(userId, wallTime());
  }

  async poll(stop) {
    while (!stop.aborted) {
      await sleep(POLL_MS);
      await this.#look();
    }
  }

  /** @throws when one does not get a balance. */
  async waitForRest() {
    const deadline = wallTime() + VISIBLE_MAX_MS;
    while (this.#answeredAt.size > 0) {
      if (wallTime() > deadline)
        throw new Error('an answered event does not get into the balances');
      await sleep(POLL_MS);
      await this.#look();
    }
  }

  async #look() {
    const userIds = [...this.#answeredAt.keys()];
    const rows = await this.#query('select user_id from users_revenue where user_id = any($1)', [
      userIds,
    ]);
    const now = wallTime();
    for (const { user_id: userId } of rows) {
      this.latencies.push(now - this.#answeredAt.get(userId));
      this.#answeredAt.delete(userId);
    }
  }
}

async function watchLag(url, stop) {
  const lags = [];
  while (!stop.aborted) {
    await sleep(STATUS_MS, undefined, { signal: stop }).catch(() => undefined);
    const { lag } = await (await fetch(`${url}/status`)).json();
    if (lag.bytes !== null) lags.push(lag);
  }
  return lags;
}
