import { rebuildBalances, type Rebuilding } from '../verify/verify.port.js';
import { runCommand } from './run-command.js';
import { balancesCommand, runOnBalances } from './run-on-balances.js';

/** 0: the tables are exact now; 2: refused, nothing was changed, or wrong usage; 3: failed, nothing either. */
const EXIT_CODES = { rebuilt: 0, exact: 0, refused: 2 } as const;

function describe(rebuilding: Rebuilding): string {
  if (rebuilding.kind === 'refused') {
    const { code, message } = rebuilding;
    const remedy =
      code === 'NOTHING_LOADED'
        ? '; run `npm run load` first, or set DATA_DIR and DATABASE_URL to those of the application'
        : '';
    return `refused, ${code}: ${message}${remedy}`;
  }
  const { offset, users, hours, events, deadLetters } = rebuilding;
  const holds = `the tables hold the sums of ${events.inLog} events of ${users} users in ${hours} hours up to offset ${offset}`;
  const lines =
    rebuilding.kind === 'exact'
      ? [`exact already, nothing was changed: ${holds}`]
      : [`rebuilt: ${describeRows(rebuilding)}; ${holds}`];
  if (events.inTable !== events.inLog) {
    lines.push(`the count of loaded events was ${events.inTable}, and is ${events.inLog} now`);
  }
  if (deadLetters.inTable !== deadLetters.inLog) {
    const { inLog, inTable } = deadLetters;
    lines.push(
      `dead letters: ${inLog} in the log, ${inTable} in the table; they are not rebuilt, so verify goes on to report them`,
    );
  }
  return lines.join('\n');
}

function describeRows(rebuilding: Exclude<Rebuilding, { kind: 'refused' }>): string {
  const { inserted, updated, deleted, historyRows, userHistoryRows } = rebuilding;
  const byUser =
    userHistoryRows === undefined ? '' : `, and ${userHistoryRows} hours or days of users`;
  return `${inserted} users inserted, ${updated} updated, ${deleted} deleted; ${historyRows} rows of revenue over time changed${byUser}`;
}

runCommand(balancesCommand('rebuild'), async () => {
  const rebuilding = await runOnBalances('rebuild', rebuildBalances);
  process.stdout.write(`${describe(rebuilding)}\n`);
  return EXIT_CODES[rebuilding.kind];
});
