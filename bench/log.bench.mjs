/**
 * What the staging log makes of the disk: events that are durable per second, and how long each waited,
 * beside a bare appender that does nothing but group commit. In rounds, the two by turns and each in a
 * process of its own, so that neither disturbs the other and both meet the same other load.
 */
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureInChild } from './support/measure-in-child.mjs';
import { median } from './support/median.mjs';
import { formatTable } from './support/format-table.mjs';

const LINE_BYTES = 100;
const WARM_UP_SECONDS = 0.5;
const RATIO_MIN = 0.9;
const SYNCS_MAX = 3;
const CHILD = join(import.meta.dirname, 'log/child.mjs');

/** `goal`: the log is to make at least RATIO_MIN of what the bare appender makes. */
const ROWS = [
  { name: '1 appender', appenders: 1, goal: true },
  { name: '64 appenders', appenders: 64, goal: true },
  { name: '1,000 appenders', appenders: 1_000, goal: true },
  { name: '64 appenders, ids', appenders: 64, ids: true },
  { name: '1 appender, calls of 1,000', appenders: 1, recordsPerCall: 1_000 },
  { name: '1 appender, calls of 1,000, ids', appenders: 1, recordsPerCall: 1_000, ids: true },
  { name: '1,000 records a call, bytes', appenders: 16, recordsPerCall: 1_000, bytes: true },
  {
    name: '1,000 records a call, bytes, ids',
    ...{ appenders: 16, recordsPerCall: 1_000, bytes: true, ids: true },
  },
].map((row) => ({ recordsPerCall: 1, ids: false, bytes: false, goal: false, ...row }));

export const summary =
  'durable events/s and latency of the staging log, beside a bare appender and fdatasync alone';

export const options = {
  rounds: { type: 'string', default: '5', help: 'how often everything is measured' },
  seconds: { type: 'string', default: '2', help: 'for each measurement' },
  dir: { type: 'string', default: tmpdir(), help: 'a directory on the disk in question' },
};

/**
 * @returns the load of the machine before, rows, fdatasync alone and goals; medians of the rounds,
 * times in ms
 */
export async function run({ rounds, seconds, dir }) {
  if (!(Number(rounds) >= 1 && Number(seconds) > 0)) {
    throw new RangeError('--rounds is at least 1, and --seconds more than 0');
  }
  const [loadAverage] = loadavg();
  const measured = ROWS.map(() => ({ log: [], bare: [] }));
  const syncs = [];
  for (let round = 0; round < Number(rounds); round++) {
    const measure = (subject, row) => {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${subject}, ${row.name}\n`);
      const load = { ...row, lineBytes: LINE_BYTES, warmUpSeconds: WARM_UP_SECONDS };
      return measureInChild(CHILD, dir, { ...load, subject, seconds: Number(seconds) });
    };
    syncs.push(await measure('fdatasync', { name: 'one write at a time' }));
    for (const [at, row] of ROWS.entries()) {
      for (const subject of round % 2 === 0 ? ['bare', 'log'] : ['log', 'bare']) {
        measured[at][subject].push(await measure(subject, row));
      }
    }
  }
  const rows = ROWS.map((row, at) => ({ ...row, ...summarize(measured[at]) }));
  const fdatasync = { p50: medianOf(syncs, 'p50'), p99: medianOf(syncs, 'p99') };
  const goals = judge(rows, fdatasync);
  const figures = { loadAverage, rows, fdatasync, goals };
  print(figures, `${rounds} rounds of ${seconds} s in ${dir}`);
  return figures;
}

function medianOf(measurements, figure) {
  return median(measurements.map((measurement) => measurement[figure]));
}

/** The ratio is the median of those of the rounds: what disturbs a round disturbs both in it. */
function summarize({ log, bare }) {
  const figures = (list) => ({
    eventsPerSecond: medianOf(list, 'eventsPerSecond'),
    p50: medianOf(list, 'p50'),
    p99: medianOf(list, 'p99'),
  });
  const ratio = median(log.map((one, at) => one.eventsPerSecond / bare[at].eventsPerSecond));
  return { log: figures(log), bare: figures(bare), ratio };
}

function judge(rows, fdatasync) {
  const ratios = rows
    .filter(({ goal }) => goal)
    .map(({ name, ratio }) => ({
      goal: `${name}: at least ${RATIO_MIN} of the bare appender`,
      figure: ratio,
      holds: ratio >= RATIO_MIN,
    }));
  const { log } = rows.find(({ name }) => name === '64 appenders');
  const syncs = ['p50', 'p99'].map((percentile) => ({
    goal: `64 appenders: p99 under ${SYNCS_MAX} times the ${percentile} of fdatasync alone`,
    figure: log.p99 / fdatasync[percentile],
    holds: log.p99 < SYNCS_MAX * fdatasync[percentile],
  }));
  return [...ratios, ...syncs];
}

function print({ loadAverage, rows, fdatasync, goals }, how) {
  const time = (milliseconds) => milliseconds.toFixed(3);
  const rate = (perSecond) => Math.round(perSecond).toLocaleString('en-US');
  const times = ({ p50, p99 }) => [time(p50), time(p99)];
  console.log(`Lines of ${LINE_BYTES} bytes; ${how}; medians of the rounds.`);
  console.log(`The load average of the machine was ${loadAverage.toFixed(2)} before.\n`);
  console.log(
    formatTable([
      ['', 'events/s', 'bare', 'ratio', 'p50 ms', 'p99 ms', 'bare p50', 'bare p99'],
      ...rows.map(({ name, log, bare, ratio }) => [
        ...[name, rate(log.eventsPerSecond), rate(bare.eventsPerSecond), ratio.toFixed(2)],
        ...[...times(log), ...times(bare)],
      ]),
      ['fdatasync alone', '', '', '', ...times(fdatasync), '', ''],
    ]),
  );
  console.log('');
  for (const { goal, figure, holds } of goals) {
    console.log(`${holds ? 'holds' : 'fails'}  ${goal}: ${figure.toFixed(2)}`);
  }
}
