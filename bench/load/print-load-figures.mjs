import { formatTable } from '../support/format-table.mjs';
import { ROWS } from './measure-round.mjs';

const MEGABYTE = 1_000_000;

const whole = (number) => Math.round(number).toLocaleString('en-US');
const megabytes = (bytes) => whole(bytes / MEGABYTE);

export function printLoadFigures({ loadAverage, staged, rows, ratios }, how) {
  const { all, part } = staged;
  console.log(
    `${whole(all.events)} events of ${whole(all.users)} users, ${megabytes(all.bytes)} MB; ${how}; medians of the rounds.`,
  );
  console.log(`The load average of the machine was ${loadAverage.toFixed(2)} before.\n`);
  console.log(
    formatTable([
      ['', 'events/s', 'users/s', 'ms', 'cpu ms', 'start ms', 'peak MB'],
      ...rows.map((row) => [
        ...[row.name, whole(row.eventsPerSecond), whole(row.usersPerSecond)],
        ...[
          whole(row.milliseconds),
          whole(row.cpuMs),
          whole(row.readyMs),
          megabytes(row.peakBytes),
        ],
      ]),
    ]),
  );
  console.log('');
  if (part.events < all.events && rows.some(({ name }) => name === ROWS.copy)) {
    console.log(`${ROWS.copy}: of the first ${whole(part.events)} events only.`);
  }
  for (const row of rows) printParts(row);
  console.log('');
  for (const { ratio, goal, figure, holds } of ratios) {
    const judged = goal === undefined ? `ratio  ${ratio}` : `${holds ? 'holds' : 'fails'}  ${goal}`;
    console.log(`${judged}: ${figure.toFixed(2)}`);
  }
}

/** Where the time goes, as far as it can be told from outside. */
function printParts({ name, milliseconds, transactionMs, batches, encodeMs, copyMs, foldMs }) {
  const tell = (first, then, ms) =>
    console.log(`${name}: ${first} ${whole(milliseconds - ms)} ms, ${then} ${whole(ms)} ms`);
  if (transactionMs !== undefined) {
    tell('reading, folding and merging', `in ${whole(batches)} transactions`, transactionMs);
  }
  if (encodeMs !== undefined) tell('reading, folding and merging', 'encoding', encodeMs);
  if (copyMs !== undefined) tell('SQL', 'COPY', copyMs);
  if (foldMs !== undefined) tell('database', 'fold', foldMs);
}
