import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Application } from './application.mjs';
import { getJson } from './product-proof.mjs';
import { Violation } from './stored-records.mjs';

/** As short as it can be: a segment goes at the second look that finds it loaded. */
const RETENTION_DAYS = '0.000001';
const RECOVERY_MAX_MS = 90_000;
const LOOK_MS = 20;
/** Of what is told when a campaign fails. */
const OUTPUT_MAX = 4_000;
/** A look for a segment that is due comes every second. */
const RETIRING_WAIT_MS = 4_000;
const SHARE_LOOK_MS = 2;

/** One run of the application, with the senders that send to it. */
export class ProductLife {
  url = null;
  loadEverySeconds;
  #application;
  #staging;
  #sending = Promise.resolve();
  #failing;

  /**
   * Starts the application.
   * @param given `dist`; `dataDir`; `idsMax`, how many ids are remembered; `loadEverySeconds`,
   * `segmentBytesMax`, `action`; `userHistory`, whether revenue over time is kept by user: then what goes is archived, since
   * nobody could verify it otherwise
   */
  constructor(given) {
    const { dist, dataDir, idsMax, loadEverySeconds, segmentBytesMax, action, userHistory } = given;
    this.loadEverySeconds = loadEverySeconds;
    this.#staging = join(dataDir, 'staging');
    const env = {
      DATA_DIR: dataDir,
      LOAD_CRON: loadEverySeconds === 1 ? '* * * * * *' : `*/${loadEverySeconds} * * * * *`,
      SEGMENT_BYTES_MAX: String(segmentBytesMax),
      DEDUPE_IDS_MAX: String(idsMax),
      RETENTION_DAYS,
      RETENTION_ACTION: userHistory ? 'archive' : action,
      USER_HISTORY: String(userHistory),
    };
    this.#application = new Application({ dist, env });
  }

  /** @throws Violation when it does not start by itself */
  async ready() {
    this.url = await this.#application.ready();
    return this.url;
  }

  /** From now on there are senders; what they find wrong ends what `during` waits for. */
  sendWith(senders, old) {
    this.#sending = senders.sendOn(this.url, old);
    // They end when nobody answers any more, or enough came: that is nothing to act upon.
    this.#failing = this.#sending.then(() => new Promise(() => undefined));
    this.#failing.catch(() => undefined);
  }

  /** @throws Violation of the senders, as soon as there is one */
  during(work) {
    return Promise.race([work, this.#failing]);
  }

  /** @throws Violation when it was gone before */
  async kill() {
    await this.#application.kill();
    await this.#sending;
  }

  /** Drains. @throws Violation when it does not end well */
  async stop() {
    await this.#application.stop();
    await this.#sending;
  }

  /** What the application said last; and it is gone. */
  abandon() {
    this.#application.abandon();
    return this.#application.output.slice(-OUTPUT_MAX);
  }

  /** Shortly after the next tick of the load. */
  untilTick(laterMs) {
    const periodMs = this.loadEverySeconds * 1_000;
    return sleep(periodMs - (Date.now() % periodMs) + laterMs);
  }

  /** How much is durable and not loaded yet; null while unknown. */
  async backlogBytes() {
    return (await getJson(`${this.url}/status`)).lag.bytes;
  }

  /** All that is durable by now is loaded, without help. @throws Violation */
  async recovers() {
    const { log } = await getJson(`${this.url}/status`);
    for (const deadline = Date.now() + RECOVERY_MAX_MS; Date.now() < deadline;) {
      const { checkpoint } = await getJson(`${this.url}/status`);
      if (checkpoint !== null && checkpoint.offset >= log.endOffset) return;
      await sleep(LOOK_MS);
    }
    throw new Violation(
      'manual',
      `${RECOVERY_MAX_MS} ms after PostgreSQL was killed, loads do not go on:\n${this.#application.output}`,
    );
  }

  /** @returns whether a segment began to go in that time */
  async retires(waitMs = RETIRING_WAIT_MS) {
    const before = await this.#namesOfShares();
    for (const deadline = Date.now() + waitMs; Date.now() < deadline;) {
      const names = await this.#namesOfShares();
      if (names.some((name) => !before.includes(name))) return true;
      await sleep(SHARE_LOOK_MS);
    }
    return false;
  }

  async #namesOfShares() {
    const names = await readdir(this.#staging);
    return names.filter((name) => name.includes('.share'));
  }
}
