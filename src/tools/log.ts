import { UsageError } from './log-arguments.js';
import { exportRecords } from './log-export.js';
import { inspect } from './log-inspect.js';
import { newEpoch } from './log-new-epoch.js';
import { reload } from './log-reload.js';
import { repair } from './log-repair.js';
import { share } from './log-share.js';
import { verify } from './log-verify.js';
import { runCommand } from './run-command.js';

/** Nothing failed: it is not to be done, or not now. */
const REFUSALS = ['REFUSED', 'DATA_DIRECTORY_OWNED', 'APPLICATION_BUSY'];

const USAGE = `usage: npm run log -- COMMAND
  verify                      read everything, and prove it by its checksums
  inspect [--json]            identity, segments, archives, shares
  inspect --offset N          the record at or behind an offset
  inspect --since TIME        the first record at or after a time
  export --from A --to B      the records of a range [--out FILE]
  repair                      put right what needs no backup; application stopped
  reload --from A --to B      take restored, quarantined ranges in, once
  share                       what this log added to the balances [--out FILE]
  new-epoch --carry-from N    put the log aside, begin another one; application stopped
  new-epoch --carry-nothing   [--reason TEXT]
verify, inspect, export and share take --log DIR, a staging directory that was put aside.
Exit codes: 0 done; 1 damage, or nothing there; 2 wrong usage or refused; 3 failed. See docs/staging-log.md.
`;

const COMMANDS = new Map<string, (args: readonly string[]) => Promise<number>>([
  ['verify', verify],
  ['inspect', inspect],
  ['export', exportRecords],
  ['repair', repair],
  ['reload', reload],
  ['share', share],
  ['new-epoch', newEpoch],
]);

// `| head` has seen enough: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const [commandName = '', ...commandArguments] = process.argv.slice(2);
const command = COMMANDS.get(commandName);

runCommand(
  {
    name: command === undefined ? 'log' : `log ${commandName}`,
    usage: USAGE,
    refusals: REFUSALS,
  },
  async () => {
    if (command !== undefined) return command(commandArguments);
    const what = commandName === '' ? 'name a command' : `there is no command "${commandName}"`;
    throw new UsageError(what);
  },
);
