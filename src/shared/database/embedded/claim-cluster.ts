import type { ClusterLayout } from './cluster-layout.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { inspectLockHolder, type LockHolder } from './inspect-lock-holder.js';
import { pause } from './pause.js';
import type { EmbeddedPostgresLog } from './server-setup.js';

const POLL_MS = 20;
/** How long a server that is already closing may take before it is told once more. */
const CLOSING_PATIENCE_MS = 3_000;
const CLAIM_TIMEOUT_MS = 30_000;

/** `stalePid`: the lock file names a process that exists but is not the server; PostgreSQL has to be told to overlook it. */
export interface ClusterClaim {
  readonly stalePid: number | undefined;
}

/**
 * Returns when no server runs on the cluster: at once as a rule, after at most 30 s when one is left over from a killed
 * process, and early when `signal` is aborted. Only a process that was verified to be the server of this very directory is ever signalled.
 *
 * @throws EmbeddedPostgresError `IN_USE` when a live process owns the server, `ORPHAN_STAYS` after the bound
 */
export async function claimCluster(
  layout: ClusterLayout,
  log: EmbeddedPostgresLog,
  signal?: AbortSignal,
): Promise<ClusterClaim> {
  const startedAt = performance.now();
  let interrupted = false;
  for (;;) {
    const holder = await inspectLockHolder(layout);
    if (holder.kind === 'nobody' || signal?.aborted === true) return { stalePid: undefined };
    if (holder.kind === 'stranger') return { stalePid: holder.pid };
    if (holder.kind === 'owned') throw inUse(layout, holder.ownerPid);

    const waitedMs = performance.now() - startedAt;
    if (waitedMs > CLAIM_TIMEOUT_MS) throw orphanStays(layout, holder.pid);
    if (!interrupted && (holder.kind === 'orphan' || waitedMs > CLOSING_PATIENCE_MS)) {
      interrupted = true;
      interruptLeftOver(holder, log);
    }
    await pause(POLL_MS, signal);
  }
}

function interruptLeftOver(holder: LockHolder & { pid: number }, log: EmbeddedPostgresLog): void {
  log.warn(
    `A PostgreSQL server (process ${holder.pid}) is left over from a process that was killed; shutting it down first`,
  );
  try {
    process.kill(holder.pid, 'SIGINT');
  } catch (error) {
    // Gone between two looks is what was wanted; anything else shows as ORPHAN_STAYS.
    log.warn(`Cannot signal process ${holder.pid}: ${String(error)}`);
  }
}

function inUse(layout: ClusterLayout, ownerPid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_IN_USE',
    `The database in ${layout.clusterDir} is run by process ${ownerPid}. Stop that process, or choose another DATA_DIR.`,
  );
}

function orphanStays(layout: ClusterLayout, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_ORPHAN_STAYS',
    `The PostgreSQL server left over on ${layout.clusterDir} (process ${pid}) did not shut down within ${CLAIM_TIMEOUT_MS / 1000} s. ` +
      `Wait for it, or end it with "kill -QUIT ${pid}", and start again.`,
  );
}
