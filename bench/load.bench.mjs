/**
 * How fast a backlog becomes balances: the compiled product, from the files of its log to COMMIT, beside what else could
 * be asked to add up the same files. In rounds, each measurement in a process of its own, and every sum is checked. The
 * files are in the page cache and the database is running: neither the disk nor a start is measured.
 */
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DUCKDB_FORMS, ROWS, stage, subjects } from './load/measure-round.mjs';
import { printLoadFigures } from './load/print-load-figures.mjs';
import { median } from './support/median.mjs';
import { withDatabase } from './support/with-database.mjs';
import { withTemporaryDirectory } from './support/temporary-directory.mjs';

/** COPY and SQL gets a tenth of more events than this: it takes several times as long as all the others. */
const COPY_EVENTS_MIN = 1_000_000;
const COPY_PART = 10;
/** Beyond that, rows are what a load takes its time for, and DuckDB writes none. */
const FEW_USERS_MAX = 100_000;

export const summary =
  'events/s from a staged backlog to committed balances, beside DuckDB, COPY with SQL, and Map with COPY';

export const options = {
  events: { type: 'string', default: '10000000', help: 'how many are staged' },
  users: { type: 'string', default: '10000', help: 'how many users they are of, at most' },
  rounds: { type: 'string', default: '3', help: 'how often everything is measured' },
  subjects: {
    type: 'string',
    default: Object.keys(subjects).join(),
    help: 'which ones, in this order; the next round turns it round',
  },
  dir: { type: 'string', default: tmpdir(), help: 'a directory on the disk in question' },
};

/**
 * @returns the load of the machine before, what was staged, rows, ratios and goals; medians of the rounds, times in
 * ms, memory in bytes
 */
export async function run({ events, users, rounds, subjects: names, dir }) {
  const asked = { events: Number(events), users: Number(users), rounds: Number(rounds) };
  const chosen = names.split(',');
  const unknown = chosen.find((name) => !(name in subjects));
  if (unknown !== undefined) throw new RangeError(`there is no subject "${unknown}"`);
  if (!Object.values(asked).every((count) => Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError('--events, --users and --rounds are whole numbers from 1 on');
  }
  const [loadAverage] = loadavg();
  return withTemporaryDirectory(dir, async (parent) => {
    const dataDir = join(parent, 'data');
    const staged = await stage(parent, { dataDir, ...asked, part: copyEvents(asked.events) });
    const measured = await withDatabase(join(parent, 'database'), (database) =>
      measureRounds({ parent, dataDir, staged, database }, chosen, asked.rounds),
    );
    const rows = summarize(measured);
    const ratios = compare(measured, { rows, fewUsers: staged.all.users <= FEW_USERS_MAX });
    const figures = { loadAverage, staged, rows, ratios };
    printLoadFigures(figures, `${rounds} rounds in ${dir}`);
    return figures;
  });
}

function copyEvents(events) {
  return events > COPY_EVENTS_MIN
    ? Math.max(COPY_EVENTS_MIN, Math.floor(events / COPY_PART))
    : events;
}

/** @returns by row, its figures of each round */
async function measureRounds(bench, chosen, rounds) {
  const measured = {};
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? chosen : chosen.toReversed()) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${subject}\n`);
      const figures = await subjects[subject](bench);
      for (const [name, row] of Object.entries(figures)) (measured[name] ??= []).push(row);
    }
  }
  return measured;
}

const perSecond = (count, { milliseconds }) => (count * 1000) / milliseconds;
const eventsPerSecond = (row) => perSecond(row.events, row);

function summarize(measured) {
  return Object.entries(measured).map(([name, rounds]) => {
    const keys = Object.keys(rounds[0]).filter((key) => typeof rounds[0][key] === 'number');
    const medians = keys.map((key) => [key, median(rounds.map((figures) => figures[key]))]);
    return {
      name,
      ...Object.fromEntries(medians),
      eventsPerSecond: median(rounds.map(eventsPerSecond)),
      usersPerSecond: median(rounds.map((figures) => perSecond(figures.users, figures))),
    };
  });
}

/**
 * Whoever is not measured is compared with nothing. Each is the median of the ratios of the rounds. Without a `min` it is
 * no goal.
 */
function compare(measured, { rows, fewUsers }) {
  const forms = rows.filter(({ name }) => DUCKDB_FORMS.some((form) => form.name === name));
  const fastest = forms.toSorted((one, other) => other.eventsPerSecond - one.eventsPerSecond)[0];
  const pairs = [
    { one: ROWS.product, other: fastest?.name, min: fewUsers ? 1.5 : null },
    { one: ROWS.fold, other: fastest?.name, min: fewUsers ? 2.5 : null },
    { one: ROWS.product, other: ROWS.copy, min: fewUsers ? 20 : null },
    { one: ROWS.product, other: ROWS.plain, min: 2 },
    { one: ROWS.productAgain, other: ROWS.plainAgain, min: 2 },
    { one: ROWS.userHistory, other: ROWS.product, min: 0.4 },
    { one: ROWS.userHistoryAgain, other: ROWS.productAgain, min: 0.4 },
  ].filter(({ one, other }) => one in measured && other in measured);
  return pairs.map(({ one, other, min }) => {
    const ratios = measured[one].map(
      (figures, round) => eventsPerSecond(figures) / eventsPerSecond(measured[other][round]),
    );
    const figure = median(ratios);
    return min === null
      ? { ratio: `${one}, to ${other}`, figure }
      : { goal: `${one}: at least ${min} times ${other}`, figure, holds: figure >= min };
  });
}
