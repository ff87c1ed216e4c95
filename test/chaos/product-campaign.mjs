import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Application, verify } from './application.mjs';
import { productPayload, sumOf } from './product-events.mjs';
import { ProductSenders } from './product-senders.mjs';
import { readStored, StoredRecords, Violation } from './stored-log.mjs';

/** So many of the kills come before the application is ready. */
const WHILE_STARTING_SHARE = 0.25;
const RUNNING_MAX_MS = 2_000;
const SEGMENT_BYTES_MAX = [20_000, 200_000, 2_000_000];
const LOAD_MAX_MS = 120_000;
const PAUSE_MS = 50;

/**
 * Kills the whole application while events are sent to it and loaded, and proves that the balances are the sum
 * of what was acknowledged, each event once; and that every start after a kill works by itself.
 */
export class ProductCampaign {
  directory;
  #settings;
  #senders = new ProductSenders();
  #stored = new StoredRecords(productPayload);
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
    const [whileStarting, instant] = [random() < WHILE_STARTING_SHARE, random()];
    if (whileStarting) {
      await sleep(instant * this.#startMs);
      await application.kill();
      figures.kill('while starting');
    } else {
      const url = await this.#ready(application);
      const sending = this.#senders.sendOn(url, random());
      await Promise.race([sending, sleep(instant * RUNNING_MAX_MS)]);
      await application.kill();
      await sending;
      figures.kill('while events are sent and loaded');
    }
    await this.#checkLog();
  }

  #start() {
    const { dist, random } = this.#settings;
    const segmentBytesMax = SEGMENT_BYTES_MAX[Math.floor(random() * SEGMENT_BYTES_MAX.length)];
    const env = { DATA_DIR: this.#dataDir, SEGMENT_BYTES_MAX: String(segmentBytesMax) };
    this.#application = new Application({ dist, env });
    return this.#application;
  }

  get #dataDir() {
    return join(this.directory, 'data');
  }

  async #ready(application) {
    const begun = performance.now();
    const url = await application.ready();
    this.#startMs = performance.now() - begun;
    return url;
  }

  /** The files of the log alone: all that was acknowledged is there, once, in order. */
  async #checkLog() {
    const { bytes } = await readStored(join(this.#dataDir, 'staging'), this.#stored.offset);
    this.#stored.take(bytes);
    this.#stored.assertHolds(this.#senders.acknowledged);
  }

  /** Lets everything be answered and loaded, and compares the balances. */
  async #settle() {
    const { figures, dist } = this.#settings;
    const application = this.#start();
    const url = await this.#ready(application);
    await this.#senders.finish(url);
    await untilLoaded(url);
    compare(await readBalances(url), sumOf(this.#senders.acknowledged));
    await application.stop();
    await this.#checkLog();
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
