import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryDirectory } from './running-application.js';

const TOOLS = join(import.meta.dirname, '../../dist/src/tools');
const LOG_TOOL = join(TOOLS, 'log.js');

export interface ToolEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A data directory, and the database that the tool is to use with the application stopped. */
export interface ToolPlace {
  readonly dataDir: string;
  readonly databaseUrl?: string;
}

/** The compiled `npm run log` as a process of its own, away from the project and its `.env.local`. */
export function runLogTool(place: ToolPlace, ...args: readonly string[]): Promise<ToolEnd> {
  return runShell(place, 'exec "$@"', [process.execPath, LOG_TOOL, ...args]);
}

/** The compiled `npm run verify`, in the same way. */
export function runVerifyTool(place: ToolPlace, ...args: readonly string[]): Promise<ToolEnd> {
  return runShell(place, 'exec "$@"', [process.execPath, join(TOOLS, 'verify.js'), ...args]);
}

/** The compiled `npm run rebuild`, in the same way. */
export function runRebuildTool(place: ToolPlace, ...args: readonly string[]): Promise<ToolEnd> {
  return runShell(place, 'exec "$@"', [process.execPath, join(TOOLS, 'rebuild.js'), ...args]);
}

/** `npm run log` behind a pipe: `$@` is the tool, and the shell fails when any part of a pipe does. */
export function pipeLogTool(
  place: ToolPlace,
  pipe: string,
  ...args: readonly string[]
): Promise<ToolEnd> {
  const script = `set -o pipefail; "$@" ${pipe}`;
  return runShell(place, script, [process.execPath, LOG_TOOL, ...args]);
}

async function runShell(
  { dataDir, databaseUrl = '' }: ToolPlace,
  script: string,
  args: readonly string[],
): Promise<ToolEnd> {
  const child = spawn('bash', ['-c', script, 'bash', ...args], {
    cwd: await temporaryDirectory(),
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { code, stdout, stderr };
}
