import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterLayout } from './cluster-layout.js';
import { guardOwner } from './guard-script.js';
import { readProcess } from './process-table.js';

/**
 * Who the cluster's lock file (`postmaster.pid`) stands for:
 *
 * - `nobody`: no lock file, or its process is gone
 * - `stranger`: the process id belongs to some other program by now, so the lock is stale
 * - `owned`: a server whose Node process is alive
 * - `closing`: a server whose Node process is gone and whose guard is shutting it down
 * - `orphan`: a server whose Node process and guard are both gone
 */
export type LockHolder =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'stranger'; readonly pid: number }
  | { readonly kind: 'owned'; readonly pid: number; readonly ownerPid: number }
  | { readonly kind: 'closing'; readonly pid: number }
  | { readonly kind: 'orphan'; readonly pid: number };

/** Reads the lock file and the process table; changes nothing. */
export async function inspectLockHolder(layout: ClusterLayout): Promise<LockHolder> {
  const lockFile = join(layout.clusterDir, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(lockFile, 'utf8').catch(() => ''), 10);
  const server = Number.isNaN(pid) ? undefined : await readProcess(pid);
  if (server === undefined) return { kind: 'nobody' };
  if (!isServerOf(layout, server.commandLine)) return { kind: 'stranger', pid };

  const guard = await readProcess(server.parentPid);
  const ownerPid = guardOwner(guard?.commandLine ?? '');
  if (guard === undefined || ownerPid === undefined) return { kind: 'orphan', pid };
  // A dead owner's guard is adopted by another process, so a parent that is still the owner is alive.
  if (guard.parentPid !== ownerPid) return { kind: 'closing', pid };
  return { kind: 'owned', pid, ownerPid };
}

/**
 * The server's main process keeps the command line that it was started with; see `serverArguments`.
 * A guard's command line contains its server's.
 */
function isServerOf(layout: ClusterLayout, commandLine: string): boolean {
  return (
    guardOwner(commandLine) === undefined &&
    commandLine.includes(`/postgres -D ${layout.clusterDir} -p `)
  );
}
