import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { temporaryDirectory } from '../../support/running-application.js';

const TOOLS = join(import.meta.dirname, '../../../dist/src/tools');

export interface ToolEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A compiled tool on a data directory, away from the project and its `.env.local`. */
export async function startTool(
  command: string,
  dataDir: string,
  url = '',
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const [name, ...toolArguments] = command.split(' ');
  return spawn(process.execPath, [join(TOOLS, `${name}.js`), ...toolArguments], {
    cwd: await temporaryDirectory(),
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The same, until it ends. */
export async function runTool(command: string, dataDir: string, url = ''): Promise<ToolEnd> {
  const child = await startTool(command, dataDir, url);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { code, stdout, stderr };
}
