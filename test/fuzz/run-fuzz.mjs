/**
 * Sends random bodies, good and bad, to every door of POST /events of the compiled application, and holds each answer
 * and at last the log to an independent model:
 *
 *   npm run fuzz -- [--cases N] [--seed S] [--from K]
 *
 * A case is made from the seed and its number alone, so `--seed S --from K --cases 1` sends that very one again.
 * Exit code 1 on a violation, with the data directory left as it is; 2 for wrong usage; 3 when the run itself fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Application } from './application.mjs';
import { Campaign } from './campaign.mjs';
import { Violation } from './check-answer.mjs';
import { BOUNDS } from './door-model.mjs';

const CASES = 1_000_000;
const PROGRESS_EVERY_MS = 10_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

process.exitCode = await main();

async function main() {
  const options = readOptions();
  if (options === null) return 2;
  const { cases, seed, from } = options;
  console.log(`${cases} cases from ${from}, seed ${seed}`);
  const directory = await mkdtemp(join(tmpdir(), 'revenue-etl-fuzz-'));
  try {
    await fuzz({ ...options, dataDir: join(directory, 'data') });
    await rm(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
    return 0;
  } catch (error) {
    const what = error instanceof Violation ? error.message : error.stack;
    console.log(`\nVIOLATION ${what}\n\nseed ${seed}, see ${directory}`);
    return error instanceof Violation ? 1 : 3;
  }
}

async function fuzz({ cases, seed, from, dataDir, databaseUrl }) {
  const bounds = Object.fromEntries(
    Object.entries(BOUNDS).map(([name, value]) => [name, String(value)]),
  );
  const env = { ...bounds, DATA_DIR: dataDir, DATABASE_URL: databaseUrl, LOAD_CRON: '0 0 0 1 1 *' };
  const application = new Application(env);
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1_000;
  const campaign = new Campaign({ seed, from, cases, urls: await application.ready() });
  const progress = setInterval(() => {
    console.log(
      `${campaign.position - from} cases, ${campaign.requests} requests, ${seconds().toFixed(0)} s`,
    );
  }, PROGRESS_EVERY_MS);
  try {
    await application.whileRunning(campaign.run());
    await application.stop();
  } finally {
    clearInterval(progress);
    application.abandon();
  }
  const { records } = await campaign.ledger.compare(dataDir);
  const answers = [...campaign.answers].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [what, count] of answers) console.log(`${String(count).padStart(9)}  ${what}`);
  console.log(
    `${cases} cases, ${campaign.requests} requests, ${records} records, ${seconds().toFixed(0)} s: all as the model says`,
  );
}

function readOptions() {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: { cases: text, seed: text, from: text, database: text },
    });
    return {
      cases: wholeNumber('cases', values.cases ?? CASES),
      seed: wholeNumber('seed', values.seed ?? Date.now() % 2 ** 31),
      from: wholeNumber('from', values.from ?? 0),
      databaseUrl: values.database ?? '',
    };
  } catch (error) {
    console.error(error.message);
    return null;
  }
}

function wholeNumber(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${name} is a whole number`);
}
