/**
 * Kills the log, the whole application, its PostgreSQL, or the latter two in turn (mixed), again and again, and
 * proves that nothing acknowledged is lost or counted twice, and that everything goes on by itself:
 *
 *   npm run chaos -- [--level log|product|database|mixed] [--cycles N] [--seed S] [--user-history]
 *
 * With --user-history, revenue over time is kept by user, too, and verified. The seed chooses what is killed, crash points and delays, so the same one makes the same choices. Exit code 1 on a
 * violation, with the directory left as it was found; 2 for wrong usage; 3 when the campaign itself fails.
 *
 * For tests of this tool: --fault plants a fault that must be found; --dist is another compiled application.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.mjs';
import { Figures } from './figures.mjs';
import { LogCampaign } from './log-campaign.mjs';
import { ProductCampaign } from './product-campaign.mjs';
import { seededRandom } from './seeded-random.mjs';
import { Violation } from './stored-records.mjs';

const CAMPAIGNS = {
  log: LogCampaign,
  product: ProductCampaign,
  database: ProductCampaign,
  mixed: ProductCampaign,
};
const CYCLES = { log: 1_000, product: 50, database: 50, mixed: 50 };

// Leaves by `exit`, so that what runs for the campaign is ended, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

process.exitCode = await main();

async function main() {
  const options = readOptions();
  if (options === null) return 2;
  const { level, cycles, seed, dist, fault, userHistory } = options;
  const history = userHistory ? ', with user history' : '';
  console.log(`${level} level, ${cycles} cycles, seed ${seed}${history}`);
  const figures = new Figures(cycles);
  const random = seededRandom(seed);
  const campaign = new CAMPAIGNS[level]({ level, random, dist, fault, userHistory, figures });
  try {
    await campaign.run(cycles);
    figures.print(null);
    return 0;
  } catch (error) {
    if (error instanceof Violation) figures.print(error.kind);
    const what = error instanceof Violation ? `${error.kind}: ${error.message}` : error.stack;
    console.log(`\nVIOLATION ${what}\nseed ${seed}, see ${campaign.directory ?? 'no directory'}`);
    return error instanceof Violation ? 1 : 3;
  }
}

function readOptions() {
  const text = { type: 'string' };
  const options = {
    ...{ level: text, cycles: text, seed: text, dist: text, fault: text },
    'user-history': { type: 'boolean', default: false },
  };
  try {
    const { values } = parseArgs({ options });
    const { level = 'log', dist = join(import.meta.dirname, '../../dist'), fault } = values;
    if (!Object.hasOwn(CAMPAIGNS, level)) {
      throw new Error(`--level is one of ${Object.keys(CAMPAIGNS).join(', ')}`);
    }
    if (fault !== undefined && !Object.hasOwn(FAULTS, fault)) {
      throw new Error(`--fault is one of ${Object.keys(FAULTS).join(', ')}`);
    }
    const cycles = wholeNumber('cycles', values.cycles ?? CYCLES[level]);
    const seed = wholeNumber('seed', values.seed ?? Date.now() % 2 ** 31);
    const userHistory = values['user-history'];
    if (userHistory && level === 'log') {
      throw new Error('--user-history is for a level with a database');
    }
    return { level, cycles, seed, dist, fault, userHistory };
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
