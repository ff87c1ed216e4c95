import { chmod, mkdir, realpath } from 'node:fs/promises';

import { chooseAccount } from './choose-account.js';
import { claimCluster } from './claim-cluster.js';
import { clusterLayout, type ClusterLayout } from './cluster-layout.js';
import { createCluster, removeUnfinishedClusters } from './create-cluster.js';
import { findBinaries } from './find-binaries.js';
import { giveToAccount } from './give-to-account.js';
import { inspectCluster } from './inspect-cluster.js';
import type { ServerAccount } from './server-account.js';
import type { EmbeddedPostgresLog, ServerSetup } from './server-setup.js';
import { openSocketDirectory } from './socket-directory.js';

/**
 * Brings everything to the point where the server can be started: programs, account, cluster, directories.
 * Refusals come first, and whatever changes the disk only once no other server can be running there.
 */
export async function prepareServer(
  dataDir: string,
  log: EmbeddedPostgresLog,
): Promise<ServerSetup> {
  const binaries = await findBinaries();
  await mkdir(dataDir, { recursive: true });
  const layout = clusterLayout(await realpath(dataDir), binaries.major);
  const account = await chooseAccount(binaries, layout);
  await mkdir(layout.rootDir, { recursive: true, mode: 0o700 });
  const state = await inspectCluster(layout);
  await claimCluster(layout, log);

  await openDirectories(layout, account);
  await removeUnfinishedClusters(layout);
  if (state === 'absent') {
    log.info(`Creating a PostgreSQL ${binaries.version} cluster in ${layout.clusterDir}`);
    await createCluster(layout, binaries, account);
  }
  await openCluster(layout, account);
  return { binaries, layout, account, log, socketDir: await openSocketDirectory(layout, account) };
}

async function openDirectories(layout: ClusterLayout, account: ServerAccount): Promise<void> {
  await giveToAccount(layout.rootDir, account);
  await mkdir(layout.logDir, { recursive: true, mode: 0o700 });
  await giveToAccount(layout.logDir, account);
}

async function openCluster(layout: ClusterLayout, account: ServerAccount): Promise<void> {
  await giveToAccount(layout.clusterDir, account);
  // A copy made as a backup often has wider permissions, which PostgreSQL would refuse.
  await chmod(layout.clusterDir, 0o700);
}
