import { formatTable } from '../support/format-table.mjs';

const whole = (number) => Math.round(number).toLocaleString('en-US');
const time = (milliseconds) => milliseconds.toFixed(2);

export function printIngestFigures({ loadAverage, rows, ratios }, how) {
  console.log(`${how}; medians of the rounds.`);
  console.log(`The load average of the machine was ${loadAverage.toFixed(2)} before.\n`);
  console.log(
    formatTable([
      ['', 'events/s', 'requests/s', 'p50 ms', 'p99 ms', 'cpu us/event'],
      ...rows.map(({ name, eventsPerSecond, requestsPerSecond, p50, p99, cpuMicros }) => [
        ...[name, whole(eventsPerSecond)],
        ...(p50 === undefined ? ['', '', ''] : [whole(requestsPerSecond), time(p50), time(p99)]),
        typeof cpuMicros === 'number' ? time(cpuMicros) : '',
      ]),
    ]),
  );
  console.log('\nEvery log holds what was answered, and nothing else.\n');
  for (const { ratio, goal, figure, holds } of ratios) {
    const judged = goal === undefined ? `ratio  ${ratio}` : `${holds ? 'holds' : 'fails'}  ${goal}`;
    console.log(`${judged}: ${figure.toFixed(2)}`);
  }
}
