import { appConfig } from '../shared/config/config.js';
import { explainFailure } from './failure.js';
import { UsageError } from './log-arguments.js';

const EXIT_REFUSED = 2;
const EXIT_FAILED = 3;

export interface Command {
  /** As its failures begin. */
  readonly name: string;
  /** Shown with `--help`, on standard output, and behind a UsageError. */
  readonly usage: string;
  /** Codes with which it ends with 2 instead of 3: nothing failed, it is not to be done, or not now. */
  readonly refusals?: readonly string[];
}

/** Nothing was done with any of them. */
const REFUSALS = ['USAGE_INVALID', 'TABLE_MISSING'];

/**
 * Runs a command of the project and ends the process with its exit code, or, when it throws, with 2 or 3
 * and a line on standard error: its name, a code of docs/errors.md, and what to do.
 */
export function runCommand(command: Command, run: () => Promise<number>): void {
  if (process.argv.slice(2).some((text) => text === '--help' || text === '-h')) {
    process.stdout.write(command.usage);
    return;
  }
  const fail = (error: unknown): void => {
    const { code, message } = explainFailure(error, appConfig.dataDir);
    const usage = error instanceof UsageError ? command.usage : '';
    process.stderr.write(`${command.name}: ${code}: ${message}\n${usage}`);
    const refusals = [...REFUSALS, ...(command.refusals ?? [])];
    process.exitCode = refusals.includes(code) ? EXIT_REFUSED : EXIT_FAILED;
  };
  // Node.js ends with 0 when nothing is left to wait for, though the work has not come to its end.
  const unfinished = (): void => {
    fail(new Error('it waits for what never comes'));
  };
  process.once('exit', unfinished);
  run().then(
    (exitCode) => {
      process.off('exit', unfinished);
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      process.off('exit', unfinished);
      fail(error);
    },
  );
}
