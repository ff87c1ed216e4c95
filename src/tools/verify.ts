import { verifyBalances, type Verification } from '../verify/verify.port.js';
import { appConfig } from '../shared/config/config.js';
import { runCommand } from './run-command.js';
import { balancesCommand, runOnBalances } from './run-on-balances.js';

/** 0: exact; 1: drift; 2: refused, nothing can be said, or wrong usage; 3: failed. */
const EXIT_CODES = { exact: 0, drift: 1, refused: 2 } as const;

function describe(verification: Verification): string {
  if (verification.kind === 'refused')
    return `refused, ${verification.code}: ${verification.message}`;
  const { kind, offset, events, users, hours, deadLetters } = verification;
  const read = `${events.inLog} events of ${users} users in ${hours} hours up to offset ${offset}`;
  const byUser = describeUserHistory(verification);
  if (kind === 'exact') {
    const note = offset === 0 ? `; nothing of the log in ${appConfig.dataDir} is loaded yet` : '';
    return `exact: the tables hold the sums of ${read}; zero drift${byUser}${note}`;
  }
  const { differences, differencesTotal, historyDifferences, historyDifferencesTotal } =
    verification;
  const lines = [
    ...differences.map((user) => describeSums(JSON.stringify(user.userId), user)),
    ...historyDifferences.map((row) => describeSums(`${row.bucket} ${row.from}`, row)),
    ...(verification.userHistory?.differences ?? []).map((row) =>
      describeSums(`${JSON.stringify(row.userId)} ${row.from}`, row),
    ),
  ];
  const dead = `dead letters: ${deadLetters.inLog} in the log, ${deadLetters.inTable} in the table`;
  const loaded = `${events.inTable} events loaded`;
  const differ = `${differencesTotal} users differ, and ${historyDifferencesTotal} hours or days`;
  return [`drift: ${differ} (${read}; ${loaded}; ${dead})${byUser}`, ...lines].join('\n');
}

/** Nothing where it is not kept. */
function describeUserHistory({ userHistory }: Exclude<Verification, { kind: 'refused' }>): string {
  if (userHistory === undefined) return '';
  if (userHistory === null) {
    return '; revenue of users over time was not compared: loads went on without it, npm run rebuild fills it in';
  }
  const { from, hours, differencesTotal } = userHistory;
  const since = from === null ? '' : ` from ${from} on`;
  const differ = differencesTotal === 0 ? '' : `, of which ${differencesTotal} differ`;
  return `; and revenue of users over time, ${hours} hours or days of users${since}${differ}`;
}

const describeSums = (
  what: string,
  { inLog, inTable }: { readonly inLog: string | null; readonly inTable: string | null },
): string => `  ${what}: log ${inLog ?? 'nothing'}, table ${inTable ?? 'nothing'}`;

runCommand(balancesCommand('verify'), async () => {
  const verification = await runOnBalances('verify', verifyBalances);
  process.stdout.write(`${describe(verification)}\n`);
  return EXIT_CODES[verification.kind];
});
