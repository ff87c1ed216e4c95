import { readFile } from 'node:fs/promises';

import { runCommand } from './run-command.js';

/** What can be known of another process without special rights. */
export interface ProcessFacts {
  readonly parentPid: number;
  /** All arguments joined by single spaces. */
  readonly commandLine: string;
}

const PS_TIMEOUT_MS = 10_000;

/** @returns undefined when the process does not exist, or is only waiting to be reaped */
export async function readProcess(pid: number): Promise<ProcessFacts | undefined> {
  return process.platform === 'linux' ? await readFromProc(pid) : await readFromPs(pid);
}

async function readFromProc(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    // The name in parentheses may hold anything, so fields are counted from the last parenthesis: state, parent.
    const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return {
      parentPid: Number(parentPid),
      commandLine: commandLine.replace(/\0$/, '').replaceAll('\0', ' '),
    };
  } catch {
    return undefined;
  }
}

async function readFromPs(pid: number): Promise<ProcessFacts | undefined> {
  const args = ['-ww', '-o', 'ppid=,stat=,command=', '-p', String(pid)];
  const result = await runCommand({ file: 'ps', args, identity: {} }, PS_TIMEOUT_MS);
  const fields = /^\s*(\d+)\s+(\S+)\s+(.*)$/s.exec(result.output);
  if (result.kind === 'failed' || fields === null || fields[2]?.startsWith('Z') === true)
    return undefined;
  return { parentPid: Number(fields[1]), commandLine: fields[3] ?? '' };
}
