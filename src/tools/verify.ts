import { parseArgs } from 'node:util';
import { appConfig } from '../shared/config/config.js';
import { verifyBalances, type Verification } from '../verify/verify.port.js';
import { Progress } from './progress.js';
import { runCommand } from './run-command.js';
import { withWorkspace } from './workspace.js';

/** 0: exact; 1: drift; 2: refused, nothing can be said, or wrong usage; 3: failed. */
const EXIT_CODES = { exact: 0, drift: 1, refused: 2 } as const;

const USAGE =
  'usage: npm run verify [-- --share FILE ...], one file of each other log that feeds the table';

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

/** The files that `--share` names, or null for arguments that make no sense. */
function readShareFiles(): readonly string[] | null {
  try {
    const { values } = parseArgs({ options: { share: { type: 'string', multiple: true } } });
    return values.share ?? [];
  } catch (error) {
    process.stderr.write(`${String(error)}\n${USAGE}\n`);
    return null;
  }
}

runCommand(async () => {
  const shareFiles = readShareFiles();
  if (shareFiles === null) return EXIT_CODES.refused;
  const progress = new Progress('verify');
  const verification = await withWorkspace(appConfig, (workspace) =>
    verifyBalances({
      dataSource: workspace.dataSource,
      log: workspace.log,
      dataDir: appConfig.dataDir,
      shareFiles,
      refresh: () => workspace.refresh(),
      onProgress: (done, total) => {
        progress.report(done, total);
      },
    }),
  );
  progress.end();
  process.stdout.write(`${describe(verification)}\n`);
  return EXIT_CODES[verification.kind];
});
