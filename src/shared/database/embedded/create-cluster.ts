import { mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterLayout } from './cluster-layout.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { PostgresBinaries } from './find-binaries.js';
import { giveToAccount } from './give-to-account.js';
import { runCommand } from './run-command.js';
import { commandAs, type ServerAccount } from './server-account.js';

const INITDB_TIMEOUT_MS = 180_000;
const UNFINISHED = /^\d+\.initdb-/;

/**
 * Creates the cluster so that it is there completely or not at all: initdb works (and syncs) in a directory beside it,
 * and a rename publishes the result.
 *
 * @throws EmbeddedPostgresError `INITDB_FAILED` with initdb's output
 */
export async function createCluster(
  layout: ClusterLayout,
  binaries: PostgresBinaries,
  account: ServerAccount,
): Promise<void> {
  const unfinished = await mkdtemp(join(layout.rootDir, `${layout.major}.initdb-`));
  await giveToAccount(unfinished, account);
  const result = await runCommand(
    commandAs(account, initdbArguments(binaries, unfinished)),
    INITDB_TIMEOUT_MS,
  );
  if (result.kind === 'failed') {
    await rm(unfinished, { recursive: true, force: true });
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_INITDB_FAILED',
      `Cannot create a cluster in ${layout.rootDir}:\n${result.output}`,
    );
  }
  await rename(unfinished, layout.clusterDir);
  await syncDirectory(layout.rootDir);
}

/** Removes what a start that was killed during initdb has left. */
export async function removeUnfinishedClusters(layout: ClusterLayout): Promise<void> {
  for (const name of await readdir(layout.rootDir)) {
    // Retries, because the killed start's initdb may still be writing there.
    if (UNFINISHED.test(name))
      await rm(join(layout.rootDir, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function initdbArguments(binaries: PostgresBinaries, directory: string): [string, ...string[]] {
  const options = [
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
    '--no-instructions',
  ];
  return ['env', 'LC_ALL=C', binaries.initdb, '-D', directory, ...options];
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
