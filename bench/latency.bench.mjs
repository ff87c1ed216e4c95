/**
 * How long one waits: for the answer to an event, in quiet and while a backlog is loaded; for an event to be in the
 * balances; and for a run that finds nothing new, on a short log and on a long one.
 */
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stage } from './load/measure-round.mjs';
import { measureBacklog } from './latency/measure-backlog.mjs';
import { measureSteady } from './latency/measure-steady.mjs';
import { printLatencyFigures } from './latency/print-latency-figures.mjs';
import { measureInChild } from './support/measure-in-child.mjs';
import { percentiles } from './support/percentiles.mjs';
import { emptyTables, withDatabase } from './support/with-database.mjs';
import { withTemporaryDirectory } from './support/temporary-directory.mjs';

const TICK_CHILD = join(import.meta.dirname, 'latency/child.mjs');
const SEGMENT_BYTES = 64 * 1024 * 1024;
const USERS = 10_000;
const LOADING_P99_GROWTH_MAX = 2;
const VISIBLE_P99_MAX_MS = 1_500;
const GROWTH_MAX = 1.5;
const TICK_BYTES_GROWTH_MAX = 1.1;

const parts = { backlog, steady, tick };

export const summary =
  'ms to the answer, also while a backlog is loaded; from the answer to the balance; of a run with nothing new';

export const options = {
  parts: { type: 'string', default: Object.keys(parts).join(), help: 'what is measured' },
  events: { type: 'string', default: '10000000', help: 'of the backlog' },
  rounds: { type: 'string', default: '5', help: 'how often the backlog is loaded' },
  rate: { type: 'string', default: '500', help: 'single events a second beside the backlog' },
  quiet: { type: 'string', default: '5', help: 'seconds of them before it is loaded' },
  steady: { type: 'string', default: '10000', help: 'events a second, in calls of 100' },
  seconds: { type: 'string', default: '60', help: 'how long those go on' },
  gigabytes: { type: 'string', default: '10', help: 'of the long log; its files are sparse' },
  dir: { type: 'string', default: tmpdir(), help: 'a directory on the disk in question' },
};

/** @returns the load of the machine before, figures by part, and goals; times in ms */
export async function run({ parts: names, dir, ...given }) {
  const chosen = names.split(',');
  const unknown = chosen.find((name) => !(name in parts));
  if (unknown !== undefined) throw new RangeError(`there is no part "${unknown}"`);
  const asked = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, Number(value)]),
  );
  if (!Object.values(asked).every((number) => number > 0)) {
    throw new RangeError('all numbers are more than 0');
  }
  const [loadAverage] = loadavg();
  return withTemporaryDirectory(dir, (parent) =>
    withDatabase(join(parent, 'database'), async (database) => {
      const figures = { loadAverage };
      for (const name of chosen) figures[name] = await parts[name]({ parent, database, ...asked });
      figures.goals = judge(figures);
      printLatencyFigures(figures, asked);
      return figures;
    }),
  );
}

async function backlog({ parent, database, events, rounds, rate, quiet }) {
  const dataDir = join(parent, 'backlog');
  const { all } = await stage(parent, { dataDir, events, users: USERS, part: 0 });
  const measured = [];
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}: ${rate} events/s beside a backlog\n`);
    const bench = { dataDir, end: all.bytes, database };
    measured.push(await measureBacklog({ ...bench, perSecond: rate, quietSeconds: quiet }));
  }
  return {
    quiet: percentiles(measured.flatMap((round) => round.quiet)),
    loading: percentiles(measured.flatMap((round) => round.loading)),
    loadMs: measured.map(({ loadMs }) => loadMs),
  };
}

async function steady({ parent, database, steady: eventsPerSecond, seconds }) {
  process.stderr.write(`${eventsPerSecond} events/s for ${seconds} s\n`);
  const dataDir = join(parent, 'steady');
  const measured = await measureSteady({ dataDir, database, eventsPerSecond, seconds });
  const lags = measured.lags.map(({ bytes }) => bytes);
  const middle = Math.ceil(lags.length / 2);
  return {
    visible: percentiles(measured.visible),
    answered: percentiles(measured.answered),
    lagBytes: {
      first: percentiles(lags.slice(0, middle)),
      second: percentiles(lags.slice(middle)),
    },
  };
}

async function tick({ parent, database, gigabytes }) {
  const long = Math.ceil((gigabytes * 1024 ** 3) / SEGMENT_BYTES);
  const figures = {};
  for (const [name, olderSegments] of Object.entries({ short: 0, long })) {
    process.stderr.write(`runs with nothing new, ${olderSegments} older segments\n`);
    await emptyTables(database.query);
    const measurement = { url: database.url, olderSegments };
    const { times, ...measured } = await measureInChild(TICK_CHILD, parent, measurement);
    figures[name] = { ...measured, ...percentiles(times) };
  }
  return figures;
}

function judge({ backlog: beside, steady: flowing, tick: ticks }) {
  const goals = [];
  const expect = (goal, figure, max) => goals.push({ goal, figure, holds: figure <= max });
  if (beside !== undefined) {
    const goal = `while a backlog is loaded an event is answered within ${LOADING_P99_GROWTH_MAX} times as long, p99`;
    expect(goal, beside.loading.p99 / beside.quiet.p99, LOADING_P99_GROWTH_MAX);
  }
  if (flowing !== undefined) {
    const { visible, lagBytes } = flowing;
    const goal = `an answered event is in the balances within ${VISIBLE_P99_MAX_MS} ms, p99`;
    expect(goal, visible.p99, VISIBLE_P99_MAX_MS);
    const growth = lagBytes.second.p50 / Math.max(1, lagBytes.first.p50);
    expect(
      `the lag does not grow: second half to first, at most ${GROWTH_MAX}`,
      growth,
      GROWTH_MAX,
    );
  }
  if (ticks !== undefined && ticks.long.bytesPerTick !== null) {
    const growth = ticks.long.bytesPerTick / ticks.short.bytesPerTick;
    const goal = `a run with nothing new reads no more of a long log, at most ${TICK_BYTES_GROWTH_MAX} times`;
    expect(goal, growth, TICK_BYTES_GROWTH_MAX);
  }
  return goals;
}
