import { verifyBalances, type Verification } from '../verify/verify.port.js';
import { runCommand } from './run-command.js';
import { runOnBalances } from './run-on-balances.js';

/** 0: exact; 1: drift; 2: refused, nothing can be said, or wrong usage; 3: failed. */
const EXIT_CODES = { exact: 0, drift: 1, refused: 2 } as const;

function describe(verification: Verification): string {
  if (verification.kind === 'refused')
    return `refused, ${verification.code}: ${verification.message}`;
  const { kind, offset, events, users, differencesTotal, deadLetters } = verification;
  const read = `${events.inLog} events of ${users} users up to offset ${offset}`;
  if (kind === 'exact') return `exact: the table holds the sums of ${read}; zero drift`;
  const lines = verification.differences.map(
    ({ userId, inLog, inTable }) =>
      `  ${JSON.stringify(userId)}: log ${inLog ?? 'nothing'}, table ${inTable ?? 'nothing'}`,
  );
  const dead = `dead letters: ${deadLetters.inLog} in the log, ${deadLetters.inTable} in the table`;
  const loaded = `${events.inTable} events loaded`;
  return [`drift: ${differencesTotal} users differ (${read}; ${loaded}; ${dead})`, ...lines].join(
    '\n',
  );
}

runCommand(async () => {
  const verification = await runOnBalances('verify', verifyBalances);
  if (verification === null) return EXIT_CODES.refused;
  process.stdout.write(`${describe(verification)}\n`);
  return EXIT_CODES[verification.kind];
});
