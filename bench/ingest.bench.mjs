/**
 * What the doors of ingest cost: the compiled application as a process of its own, its sender in another one, beside
 * servers that do the least that can be called the same. In rounds, by turns, each from an empty directory. Whatever was
 * answered is looked for in what was stored, and anything else ends the bench.
 */
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureRow, parts } from './ingest/measure-row.mjs';
import { printIngestFigures } from './ingest/print-ingest-figures.mjs';
import { median } from './support/median.mjs';
import { withDatabase } from './support/with-database.mjs';
import { withTemporaryDirectory } from './support/temporary-directory.mjs';

export const summary =
  'events/s and ms of POST /events, beside a bare server, Nest, and a sink that parses nothing';

export const options = {
  parts: { type: 'string', default: Object.keys(parts).join(), help: 'what is measured' },
  rounds: { type: 'string', default: '5', help: 'how often everything is measured' },
  seconds: { type: 'string', default: '3', help: 'for each measurement' },
  dir: { type: 'string', default: tmpdir(), help: 'a directory on the disk in question' },
};

/** Of a row to another one, in the median of the rounds; `min` or `max` makes a goal of it. */
const RATIOS = [
  {
    ratio: 'single events/s, product to bare ingest',
    rows: ['single events, product', 'single events, bare ingest'],
    of: 'eventsPerSecond',
    min: 0.9,
  },
  {
    ratio: 'single events, p99, product to bare ingest',
    rows: ['single events, product', 'single events, bare ingest'],
    of: 'p99',
    max: 2,
  },
  {
    ratio: 'single events/s, product to itself through Nest',
    rows: ['single events, product', 'single events, product through Nest'],
    of: 'eventsPerSecond',
  },
  {
    ratio: 'NDJSON, product to bare sink',
    rows: ['NDJSON, product', 'NDJSON, bare sink'],
    of: 'eventsPerSecond',
    min: 0.8,
  },
  {
    ratio: 'NDJSON with ids, product to bare sink',
    rows: ['NDJSON with ids, product', 'NDJSON with ids, bare sink'],
    of: 'eventsPerSecond',
    min: 0.6,
  },
];

/** @returns the load of the machine before, rows, ratios and goals; medians of the rounds, times in ms */
export async function run({ parts: names, rounds, seconds, dir }) {
  const chosen = names.split(',');
  const unknown = chosen.find((name) => !(name in parts));
  if (unknown !== undefined) throw new RangeError(`there is no part "${unknown}"`);
  const asked = { rounds: Number(rounds), seconds: Number(seconds) };
  if (!(asked.rounds >= 1 && asked.seconds > 0)) {
    throw new RangeError('--rounds is at least 1, and --seconds more than 0');
  }
  const [loadAverage] = loadavg();
  const measured = await withTemporaryDirectory(dir, (parent) =>
    withDatabase(join(parent, 'database'), (database) =>
      measureRounds({ parent, database, ...asked }, chosen),
    ),
  );
  const figures = { loadAverage, rows: summarize(measured), ratios: compare(measured) };
  printIngestFigures(figures, `${rounds} rounds of ${seconds} s in ${dir}`);
  return figures;
}

/** @returns by row, its figures of each round */
async function measureRounds({ rounds, ...bench }, chosen) {
  const measured = {};
  for (let round = 0; round < rounds; round++) {
    for (const part of chosen) {
      const rows = Object.entries(parts[part]);
      for (const [name, row] of round % 2 === 0 ? rows : rows.toReversed()) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${name}\n`);
        (measured[name] ??= []).push(await measureRow(row, bench));
      }
    }
  }
  return measured;
}

function summarize(measured) {
  return Object.entries(measured).map(([name, rounds]) => {
    const medians = Object.keys(rounds[0]).map((key) => [
      key,
      median(rounds.map((figures) => figures[key])),
    ]);
    return { name, ...Object.fromEntries(medians) };
  });
}

/** What disturbs a round disturbs all that is measured in it: so it is the ratio of the round that counts. */
function compare(measured) {
  return RATIOS.filter(({ rows }) => rows.every((name) => name in measured)).map(
    ({ ratio, rows: [one, other], of, min = 0, max = Infinity }) => {
      const figure = median(
        measured[one].map((figures, round) => figures[of] / measured[other][round][of]),
      );
      if (min === 0 && max === Infinity) return { ratio, figure };
      const bound = max === Infinity ? `at least ${min}` : `at most ${max}`;
      return { goal: `${ratio}: ${bound}`, figure, holds: figure >= min && figure <= max };
    },
  );
}
