import { formatTable } from '../support/format-table.mjs';

const time = (milliseconds) => milliseconds.toFixed(2);
const whole = (number) => Math.round(number).toLocaleString('en-US');

export function printLatencyFigures({ loadAverage, backlog, steady, tick, goals }, asked) {
  console.log(`The load average of the machine was ${loadAverage.toFixed(2)} before.\n`);
  console.log(
    formatTable([
      ['', 'count', 'p50 ms', 'p99 ms', 'max ms'],
      ...(backlog === undefined ? [] : backlogRows(backlog, asked)),
      ...(steady === undefined ? [] : steadyRows(steady, asked)),
      ...(tick === undefined ? [] : tickRows(tick)),
    ]),
  );
  console.log('');
  if (backlog !== undefined) {
    const times = backlog.loadMs.map(whole).join(', ');
    console.log(`${whole(asked.events)} events of backlog were loaded in ${times} ms.`);
  }
  if (steady !== undefined) {
    const { first, second } = steady.lagBytes;
    const tell = ({ p50, max }) => `${whole(p50)} bytes, at most ${whole(max)}`;
    console.log(`Lag in the first half: ${tell(first)}; in the second half: ${tell(second)}.`);
  }
  for (const [name, figures] of Object.entries(tick ?? {})) printTick(name, figures);
  console.log('');
  for (const { goal, figure, holds } of goals) {
    console.log(`${holds ? 'holds' : 'fails'}  ${goal}: ${figure.toFixed(2)}`);
  }
}

const row = (name, { count, p50, p99, max }) => [
  ...[name, whole(count), time(p50), time(p99), time(max)],
];

const backlogRows = ({ quiet, loading }, { rate }) => [
  row(`${whole(rate)} single events/s, nothing to load`, quiet),
  row(`${whole(rate)} single events/s, while a backlog is loaded`, loading),
];

const steadyRows = ({ visible, answered }, { steady }) => [
  row(`${whole(steady)} events/s in calls of 100, to the answer`, answered),
  row(`${whole(steady)} events/s, from the answer to the balance`, visible),
];

const tickRows = ({ short, long }) => [
  row('run with nothing new, short log', short),
  row('run with nothing new, long log', long),
];

function printTick(name, { logBytes, openMs, firstMs, bytesPerTick }) {
  const bytes = bytesPerTick === null ? 'an unknown number of' : whole(bytesPerTick);
  const times = `opened in ${time(openMs)} ms, first run ${time(firstMs)} ms`;
  console.log(
    `The ${name} log, ${whole(logBytes)} bytes: ${times}; ${bytes} bytes read in each later one.`,
  );
}
