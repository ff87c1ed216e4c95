import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from './application.mjs';
import { KillDeck } from './kill-deck.mjs';
import { productPayload, sumOf } from './product-events.mjs';
import { ProductLife } from './product-life.mjs';
import { assertBalances, assertNoDeadLetters, untilLoaded } from './product-proof.mjs';
import { ProductSenders } from './product-senders.mjs';
import { ProductKills } from './product-kills.mjs';
import { StoredLog } from './stored-log.mjs';
import { Violation } from './stored-records.mjs';

/** Until the first look of retirement, also on a machine with other work. */
const SETTLE_WAIT_MS = 60_000;
const VERIFY_EVERY = 25;
/** What `verify` says of revenue over time by user, compared from the beginning. */
const ALL_HOURS = /revenue of users over time, [1-9]\d* hours or days of users$/;
/** Then it is stopped, and its files are looked at. */
const DATABASE_KILLS_PER_LIFE = 20;
/** How many events the senders send to one life of the application, at most, ... */
const LIFE_EVENTS_MAX = { product: 30_000, mixed: 60_000, database: 120_000 };
/** ... beside the calls with which they begin, and those that are under way at the end. */
const MORE_EVENTS_MAX = 10_000;

/**
 * Kills the whole application, or its PostgreSQL, or both in turn, while events are sent to it and loaded, and
 * its oldest segments are retired. Proves that the balances are the sum of what was acknowledged, each event
 * once, which `verify` finds by the shares; and that it always goes on by itself.
 */
export class ProductCampaign {
  directory;
  #settings;
  #senders;
  #deck;
  /** More ids than come in one life: so nothing goes that was not looked at, and what is sent again is known. */
  #idsMax;
  #stored;
  #kills;
  /** The application that runs, or null. */
  #life = null;
  /** How long the last start took, a kill while starting comes within that. */
  #startMs = 2_000;
  #databaseKills = 0;

  /** @param settings `level`; `random`; `dist`, the compiled application; `userHistory`; `figures`, to count in */
  constructor(settings) {
    const { level, random } = settings;
    this.#settings = settings;
    this.#deck = new KillDeck(level, random);
    this.#senders = new ProductSenders(LIFE_EVENTS_MAX[level]);
    this.#idsMax = LIFE_EVENTS_MAX[level] + MORE_EVENTS_MAX;
  }

  /** @throws Violation, which leaves the directory behind */
  async run(cycles) {
    this.directory = await mkdtemp(join(tmpdir(), 'revenue-etl-chaos-'));
    this.#stored = new StoredLog(this.#staging, productPayload);
    const { figures } = this.#settings;
    this.#kills = new ProductKills({ dataDir: this.#dataDir, senders: this.#senders, figures });
    try {
      for (let cycle = 1; cycle <= cycles; cycle++) {
        await this.#cycle(this.#deck.next());
        if (cycle % VERIFY_EVERY === 0) await this.#verify();
        this.#settings.figures.cycle();
      }
      await this.#settle();
    } catch (error) {
      if (this.#life !== null) console.log(`\nThe application said:\n${this.#life.abandon()}`);
      throw error;
    }
    // An embedded server takes a moment to follow its process.
    await rm(this.directory, { recursive: true, maxRetries: 50, retryDelay: 20 });
  }

  async #cycle(plan) {
    const { figures } = this.#settings;
    if (plan.kind === 'while starting') {
      await this.#stop();
      this.#start(plan.life);
      await sleep(plan.instant * this.#startMs);
      await this.#endBy(plan.kind);
      return;
    }
    if (this.#life === null) await figures.time('starting', this.#beginLife(plan));
    const coming = this.#life.during(this.#kills.comeTo(plan, this.#life));
    const kind = await figures.time('until the kill', coming);
    if (plan.leavesAlive) await this.#goOn(kind, plan);
    else await this.#endBy(kind);
  }

  #start(life) {
    const { dist, userHistory } = this.#settings;
    const given = { dist, userHistory, dataDir: this.#dataDir, idsMax: this.#idsMax };
    this.#life = new ProductLife({ ...given, ...life });
    return this.#life;
  }

  async #beginLife({ life, again }) {
    const begun = performance.now();
    await this.#start(life).ready();
    this.#startMs = performance.now() - begun;
    // Of the last so many, each is known for certain.
    const since = this.#stored.records.countsBeforeLast(this.#idsMax / 2);
    this.#life.sendWith(this.#senders, { again, since });
  }

  /** After a kill of the database: the application is to go on by itself. */
  async #goOn(kind, { unsettled }) {
    const { figures } = this.#settings;
    figures.kill(kind);
    this.#databaseKills += 1;
    if (!unsettled) await figures.time('recovering', this.#life.during(this.#life.recovers()));
    if (this.#databaseKills % DATABASE_KILLS_PER_LIFE === 0) await this.#stop();
  }

  async #endBy(kind) {
    const { figures } = this.#settings;
    const life = this.#life;
    this.#life = null;
    await life.kill();
    figures.kill(kind);
    await this.#checkLog();
  }

  /** Ends a life that goes on, if there is one, as an operator does. */
  async #stop() {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    await this.#settings.figures.time('stopping', life.stop());
    await this.#checkLog();
  }

  get #dataDir() {
    return join(this.directory, 'data');
  }

  get #staging() {
    return join(this.#dataDir, 'staging');
  }

  /** The files of the log alone: all that was acknowledged is there, once, in order. */
  async #checkLog() {
    const found = await this.#settings.figures.time('checking files', this.#stored.check());
    this.#stored.records.assertHolds(this.#senders.acknowledged);
    return found;
  }

  /** By the tool, beside the application or after it, as things are. */
  async #verify() {
    const { figures, dist, userHistory } = this.#settings;
    const env = { DATA_DIR: this.#dataDir, USER_HISTORY: String(userHistory) };
    const said = await figures.time('verifying', verify({ dist, env }));
    if (userHistory && !ALL_HOURS.test(said)) {
      throw new Violation('wrong', `not all hours of users were verified: ${said}`);
    }
    figures.add('verified', 1);
    return said;
  }

  /** Lets everything be answered and loaded, and compares the balances. */
  async #settle() {
    const { figures } = this.#settings;
    await this.#stop();
    const life = this.#start({ ...this.#deck.life(), segmentBytesMax: 20_000 });
    const url = await life.ready();
    const isRetired = life.retires(SETTLE_WAIT_MS);
    await this.#senders.finish(url, this.#idsMax);
    await untilLoaded(url);
    if (!(await isRetired)) throw new Violation('manual', 'nothing is retired');
    await assertBalances(url, sumOf(this.#senders.acknowledged));
    await assertNoDeadLetters(url);
    this.#life = null;
    await life.stop();
    const { shares } = await this.#checkLog();
    const archived = (await readdir(join(this.#staging, 'archive')).catch(() => [])).length / 2;
    figures.add('archived segments', Math.floor(archived));
    figures.add('bytes deleted', this.#stored.start);
    figures.add('bytes before the newest share', Math.max(...shares));
    figures.add('acknowledged', this.#senders.total);
    console.log(`verify: ${await this.#verify()}`);
  }
}
