/**
 * What the doors of ingest cost: the compiled application as a process of its own, its sender in another one, beside
 * servers that do the least that can be called the same; and what is in between, from lines to records, alone. In rounds,
 * by turns. What a server stored is compared with what it answered, and a difference ends the bench.
 */
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { measureRow } from './ingest/measure-row.mjs';
import { parts } from './ingest/parts.mjs';
import { printIngestFigures } from './ingest/print-ingest-figures.mjs';
import { median } from './support/median.mjs';
import { withDatabase } from './support/with-database.mjs';
import { withTemporaryDirectory } from './support/temporary-directory.mjs';

export const summary =
  'events/s and ms of POST /events, beside bare servers and Nest; from lines to records, beside JSON.parse';

export const options = {
  parts: { type: 'string', default: Object.keys(parts).join(), help: 'what is measured' },
  rounds: { type: 'string', default: '5', help: 'how often everything is measured' },
  seconds: { type: 'string', default: '2', help: 'for each measurement' },
  dir: { type: 'string', default: tmpdir(), help: 'a directory on the disk in question' },
  profiles: { type: 'string', help: "a directory for .cpuprofile files of the servers' processes" },
};

/** @returns the load of the machine before, rows, ratios and goals; medians of the rounds, times in ms */
export async function run({ parts: names, rounds, seconds, dir, profiles }) {
  const chosen = names.split(',');
  const unknown = chosen.find((name) => !(name in parts));
  if (unknown !== undefined) throw new RangeError(`there is no part "${unknown}"`);
  const asked = { rounds: Number(rounds), seconds: Number(seconds) };
  if (!(asked.rounds >= 1 && asked.seconds > 0)) {
    throw new RangeError('--rounds is at least 1, and --seconds more than 0');
  }
  const profiling = profiles === undefined ? {} : { profiles: resolve(profiles) };
  const [loadAverage] = loadavg();
  const measured = await withTemporaryDirectory(dir, (parent) =>
    withDatabase(join(parent, 'database'), (database) =>
      measureRounds({ parent, database, ...profiling, ...asked }, chosen),
    ),
  );
  const figures = {
    loadAverage,
    rows: chosen.flatMap((part) => summarize(part, measured[part])),
    ratios: chosen.flatMap((part) => compare(part, measured[part])),
  };
  printIngestFigures(figures, `${rounds} rounds of ${seconds} s in ${dir}`);
  return figures;
}

/** @returns by part, by row, its figures of each round */
async function measureRounds({ rounds, ...bench }, chosen) {
  const measured = Object.fromEntries(chosen.map((part) => [part, {}]));
  for (let round = 0; round < rounds; round++) {
    for (const part of chosen) {
      const { title, rows } = parts[part];
      const inTurn = Object.entries(rows);
      for (const [name, row] of round % 2 === 0 ? inTurn : inTurn.toReversed()) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${title}, ${name}\n`);
        const label = `${title}, ${name}, round ${round + 1}`;
        (measured[part][name] ??= []).push(await measureRow(row, { ...bench, label }));
      }
    }
  }
  return measured;
}

function summarize(part, measured) {
  const { title, rows } = parts[part];
  return Object.keys(rows).map((name) => {
    const rounds = measured[name];
    const known = Object.keys(rounds[0]).filter((figure) => rounds[0][figure] !== null);
    const medians = known.map((figure) => [figure, median(rounds.map((one) => one[figure]))]);
    return { name: `${title}, ${name}`, ...Object.fromEntries(medians) };
  });
}

/** What disturbs a round disturbs all that is measured in it: so it is the ratio of the round that counts. */
function compare(part, measured) {
  const { title, ratios } = parts[part];
  return ratios.map(({ of, to, min = 0, max = Infinity }) => {
    const figure = median(
      measured.product.map((figures, round) => figures[of] / measured[to][round][of]),
    );
    const ratio = `${title}, ${of === 'p99' ? 'p99' : 'events/s'}, product to ${to}`;
    if (min === 0 && max === Infinity) return { ratio, figure };
    const bound = min > 0 ? `at least ${min}` : `at most ${max}`;
    return { goal: `${ratio}: ${bound}`, figure, holds: figure >= min && figure <= max };
  });
}
