import { execFile } from 'node:child_process';

import type { AccountCommand } from './server-account.js';

/** `output` holds stdout and stderr together, or the reason why the command could not be run at all. */
export type CommandResult =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly output: string };

/**
 * Runs a short-lived command to its end; a failure is a value, never an exception.
 * The working directory is `/`, because the caller's may be closed to the command's account.
 */
export function runCommand(command: AccountCommand, timeoutMs: number): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = {
      ...command.identity,
      cwd: '/',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    } as const;
    const child = execFile(command.file, command.args, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error === null) resolve({ kind: 'succeeded', output });
      else resolve({ kind: 'failed', output: output === '' ? error.message : output });
    });
    child.stdin?.end();
  });
}
