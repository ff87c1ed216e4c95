import { setTimeout as sleep } from 'node:timers/promises';
import { eventMaker } from '../load/event-maker.mjs';
import { openLoop, wallTime } from '../support/open-loop.mjs';
import { emptyTables } from '../support/with-database.mjs';
import { EventPoster } from './event-poster.mjs';
import { withApplication } from './with-application.mjs';

const START_SECONDS = 10;
const WARM_UP_SECONDS = 2;
const POLL_MS = 25;
const LOAD_BEGINS_MAX_MS = 600_000;
const USERS = 10_000;

/**
 * Single events, so many a second, to an application that has a backlog: for some quiet seconds before its load
 * begins, and until all that was there then is loaded. The load comes at an instant that is chosen beforehand, by
 * LOAD_CRON, and only then.
 * @param bench `dataDir` with the backlog, up to the offset `end`; `database`; `perSecond`; `quietSeconds`
 * @returns latencies in ms, of events that were due in the `quiet` seconds and during the load, and how long that took
 */
export async function measureBacklog({ dataDir, end, database, perSecond, quietSeconds }) {
  await emptyTables(database.query);
  const lead = START_SECONDS + WARM_UP_SECONDS + quietSeconds;
  const loadAt = (Math.ceil(Date.now() / 1000) + lead) * 1000;
  const quietAt = loadAt - quietSeconds * 1000;
  const env = { LOAD_CRON: cronAt(new Date(loadAt)) };
  return withApplication({ dataDir, url: database.url, env }, async (url) => {
    if (wallTime() > quietAt)
      throw new Error(`the application was not ready in ${START_SECONDS} s`);
    await sleep(quietAt - WARM_UP_SECONDS * 1000 - wallTime());
    const stop = new AbortController();
    const poster = new EventPoster(url);
    const nextEvent = eventMaker(USERS);
    const posted = openLoop({ perSecond, stop: stop.signal }, () => poster.post(nextEvent()));
    const loaded = waitUntilLoaded({ database, end, loadAt }).finally(() => stop.abort());
    const [samples, loadedAt] = await Promise.all([posted, loaded]);
    poster.close();
    const between = (from, to) =>
      samples.filter(({ due }) => due >= from && due < to).map(({ latency }) => latency);
    return {
      quiet: between(quietAt, loadAt),
      loading: between(loadAt, loadedAt),
      loadMs: loadedAt - loadAt,
    };
  });
}

/** That instant and an hour later: as long as no measurement takes. Of one that is rare, finding the next takes a while. */
const cronAt = (time) => `${time.getSeconds()} ${time.getMinutes()} * * * *`;

/** Asks the database, not the application. @returns when the load was seen to be done */
async function waitUntilLoaded({ database: { query }, end, loadAt }) {
  while (wallTime() < loadAt + LOAD_BEGINS_MAX_MS) {
    await sleep(Math.max(POLL_MS, loadAt - wallTime()));
    const [row] = await query('select max("offset") as loaded from load_checkpoint');
    if (Number(row.loaded) >= end) return wallTime();
  }
  throw new Error('the backlog is not loaded in time');
}
