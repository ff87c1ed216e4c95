import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Application, verify } from './application.mjs';
import { productPayload, sumOf } from './product-events.mjs';
import { LIFE_EVENTS_MAX, ProductSenders } from './product-senders.mjs';
import { StoredLog } from './stored-log.mjs';
import { Violation } from './stored-records.mjs';

/** So many of the kills come before the application is ready. */
const WHILE_STARTING_SHARE = 0.25;
const RUNNING_MAX_MS = 2_000;
/** So many come when a segment has begun to go; a look for one that is due comes every second. */
const WHILE_RETIRING_SHARE = 0.4;
const RETIRING_WAIT_MS = 4_000;
const RETIRING_MAX_MS = 200;
const SEGMENT_BYTES_MAX = [20_000, 200_000, 2_000_000];
const ACTIONS = ['archive', 'delete'];
/** More than come in one life: so nothing goes that was not looked at, and what is sent again is known. */
const IDS_MAX = LIFE_EVENTS_MAX + 5_000;
/** Of the last so many, each is known for certain. */
const IDS_SURE = IDS_MAX / 2;
/** As short as it can be: a segment goes at the second look that finds it loaded. */
const RETENTION_DAYS = '0.000001';
const LOAD_MAX_MS = 120_000;
const PAUSE_MS = 50;
const SHARE_LOOK_MS = 2;

/**
 * Kills the whole application while events are sent to it and loaded, and its oldest segments are retired.
 * Proves that the balances are the sum of what was acknowledged, each event once, which `verify` finds by the
 * shares; and that every start after a kill works by itself.
 */
export class ProductCampaign {
  directory;
  #settings;
  #senders = new ProductSenders();
  #stored;
  #application;
  /** How long the last start took, a kill while starting comes within that. */
  #startMs = 2_000;

  /** @param settings `random`; `dist`, the compiled application; `figures`, to count in */
  constructor(settings) {
    this.#settings = settings;
  }

  /** @throws Violation, which leaves the directory behind */
  async run(cycles) {
    this.directory = await mkdtemp(join(tmpdir(), 'revenue-etl-chaos-'));
    this.#stored = new StoredLog(this.#staging, productPayload);
    try {
      for (let cycle = 0; cycle < cycles; cycle++) {
        await this.#cycle();
        this.#settings.figures.cycle();
      }
      await this.#settle();
    } finally {
      this.#application?.abandon();
    }
    // An embedded server takes a moment to follow its process.
    await rm(this.directory, { recursive: true, maxRetries: 50, retryDelay: 20 });
  }

  async #cycle() {
    const { random, figures } = this.#settings;
    const application = this.#start();
    const [whileStarting, whileRetiring, instant] = [
      random() < WHILE_STARTING_SHARE,
      random() < WHILE_RETIRING_SHARE,
      random(),
    ];
    if (whileStarting) {
      await sleep(instant * this.#startMs);
      await application.kill();
      figures.kill('while starting');
    } else {
      const url = await this.#ready(application);
      const since = this.#stored.records.countsBeforeLast(IDS_SURE);
      const sending = this.#senders.sendOn(url, { again: random(), since });
      const isRetiring = this.#waitForKill(whileRetiring, instant);
      // Senders that find something wrong end it; others go on until they are not answered.
      await Promise.race([isRetiring, sending.then(() => isRetiring)]);
      await application.kill();
      await sending;
      figures.kill((await isRetiring) ? 'while segments are retired' : 'while events are sent');
    }
    await this.#checkLog();
  }

  #start(settings = {}) {
    const { dist, random } = this.#settings;
    const segmentBytesMax = SEGMENT_BYTES_MAX[Math.floor(random() * SEGMENT_BYTES_MAX.length)];
    const env = {
      DATA_DIR: this.#dataDir,
      SEGMENT_BYTES_MAX: String(segmentBytesMax),
      DEDUPE_IDS_MAX: String(IDS_MAX),
      RETENTION_DAYS,
      RETENTION_ACTION: ACTIONS[Math.floor(random() * ACTIONS.length)],
      ...settings,
    };
    this.#application = new Application({ dist, env });
    return this.#application;
  }

  get #dataDir() {
    return join(this.directory, 'data');
  }

  get #staging() {
    return join(this.#dataDir, 'staging');
  }

  /** @param instant from 0 to below 1: of the time in question @returns whether a segment began to go */
  async #waitForKill(whileRetiring, instant) {
    if (!whileRetiring) {
      await sleep(instant * RUNNING_MAX_MS);
      return false;
    }
    const before = await this.#namesOfShares();
    for (const deadline = Date.now() + RETIRING_WAIT_MS; Date.now() < deadline;) {
      const names = await this.#namesOfShares();
      if (names.some((name) => !before.includes(name))) {
        await sleep(instant * RETIRING_MAX_MS);
        return true;
      }
      await sleep(SHARE_LOOK_MS);
    }
    return false;
  }

  async #namesOfShares() {
    const names = await readdir(this.#staging);
    return names.filter((name) => name.includes('.share'));
  }

  async #ready(application) {
    const begun = performance.now();
    const url = await application.ready();
    this.#startMs = performance.now() - begun;
    return url;
  }

  /** The files of the log alone: all that was acknowledged is there, once, in order. */
  async #checkLog() {
    const found = await this.#stored.check();
    this.#stored.records.assertHolds(this.#senders.acknowledged);
    return found;
  }

  /** There is a share: more ids than are remembered came behind the first segment. */
  async #untilRetired() {
    for (const deadline = Date.now() + LOAD_MAX_MS; Date.now() < deadline;) {
      if ((await this.#namesOfShares()).some((name) => name.endsWith('.share'))) return;
      await sleep(PAUSE_MS);
    }
    throw new Violation('manual', `nothing is retired after ${LOAD_MAX_MS} ms`);
  }

  /** Lets everything be answered and loaded, and compares the balances. */
  async #settle() {
    const { figures, dist } = this.#settings;
    const application = this.#start({ SEGMENT_BYTES_MAX: String(SEGMENT_BYTES_MAX[0]) });
    const url = await this.#ready(application);
    await this.#senders.finish(url, IDS_MAX);
    await untilLoaded(url);
    await this.#untilRetired();
    compare(await readBalances(url), sumOf(this.#senders.acknowledged));
    await application.stop();
    const { shares } = await this.#checkLog();
    const archived = (await readdir(join(this.#staging, 'archive')).catch(() => [])).length / 2;
    figures.add('archived segments', Math.floor(archived));
    figures.add('bytes deleted', this.#stored.start);
    figures.add('bytes before the newest share', Math.max(...shares));
    figures.add(
      'acknowledged',
      this.#senders.acknowledged.reduce((sum, count) => sum + count, 0),
    );
    console.log(`verify: ${await verify({ dist, env: { DATA_DIR: this.#dataDir } })}`);
  }
}

async function untilLoaded(url) {
  for (const deadline = Date.now() + LOAD_MAX_MS; Date.now() < deadline;) {
    const { lag } = await getJson(`${url}/status`);
    if (lag.bytes === 0) return;
    await sleep(PAUSE_MS);
  }
  throw new Violation('manual', `what was sent is not loaded after ${LOAD_MAX_MS} ms`);
}

/** All balances, in cents. */
async function readBalances(url) {
  const balances = new Map();
  for (let after = ''; after !== null;) {
    const page = await getJson(
      `${url}/users?limit=1000${after && `&after=${encodeURIComponent(after)}`}`,
    );
    for (const { userId, revenue } of page.users) {
      const [whole, fraction = ''] = revenue.split('.');
      if (fraction.length > 2) throw new Violation('wrong', `${userId} has ${revenue}`);
      balances.set(userId, BigInt(whole + fraction.padEnd(2, '0')));
    }
    after = page.next;
  }
  return balances;
}

async function getJson(url) {
  const response = await fetch(url);
  return response.json();
}

function compare(found, wanted) {
  const users = [...new Set([...found.keys(), ...wanted.keys()])];
  const differing = users.filter((user) => found.get(user) !== wanted.get(user));
  if (differing.length === 0) return;
  const [user] = differing;
  const example = `${JSON.stringify(user)} has ${found.get(user)} cents, not ${wanted.get(user)}`;
  throw new Violation('wrong', `${differing.length} balances differ: ${example}`);
}
