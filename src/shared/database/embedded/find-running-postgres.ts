import { realpath } from 'node:fs/promises';

import { clusterLayout } from './cluster-layout.js';
import { databaseUrl } from './database-session.js';
import { findBinaries } from './find-binaries.js';
import { inspectLockHolder } from './inspect-lock-holder.js';

/** `stopped` also when the server is just being shut down, or is left over from a killed process: `EmbeddedPostgres.start` deals with both. */
export type RunningPostgres =
  | { readonly kind: 'running'; readonly url: string; readonly ownerPid: number }
  | { readonly kind: 'stopped' };

/**
 * Tells a tool whether another live process runs the embedded server of this `DATA_DIR`, and how to reach it.
 * Changes nothing. The url is good for as long as that process lives.
 *
 * @throws EmbeddedPostgresError when this machine has no embedded PostgreSQL at all
 */
export async function findRunningPostgres(dataDir: string): Promise<RunningPostgres> {
  const resolved = await realpath(dataDir).catch(() => undefined);
  if (resolved === undefined) return { kind: 'stopped' };
  const { major } = await findBinaries();
  const holder = await inspectLockHolder(clusterLayout(resolved, major));
  if (holder.kind !== 'owned') return { kind: 'stopped' };
  return { kind: 'running', url: databaseUrl(holder.socketDir), ownerPid: holder.ownerPid };
}
