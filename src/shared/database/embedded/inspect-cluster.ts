import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterLayout } from './cluster-layout.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** `absent` includes an empty directory, for example a fresh mount. */
export type ClusterState = 'absent' | 'present';

/**
 * Says whether there is a cluster of our major version. Reads only.
 *
 * @throws EmbeddedPostgresError `OTHER_MAJOR` when the data is of another version, `CLUSTER_DAMAGED` when the
 *   directory holds files but is no cluster
 */
export async function inspectCluster(layout: ClusterLayout): Promise<ClusterState> {
  const found = await readMajor(layout.clusterDir);
  if (found === layout.major) return 'present';
  if (found !== undefined) throw otherMajor(layout, layout.clusterDir, found);
  if ((await listDirectory(layout.clusterDir)).length > 0) throw damaged(layout);
  for (const name of await listDirectory(layout.rootDir)) {
    const directory = join(layout.rootDir, name);
    const major = /^\d+$/.test(name) ? await readMajor(directory) : undefined;
    if (major !== undefined) throw otherMajor(layout, directory, major);
  }
  return 'absent';
}

async function readMajor(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => '');
  const major = Number.parseInt(text, 10);
  return Number.isNaN(major) ? undefined : major;
}

async function listDirectory(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function damaged(layout: ClusterLayout): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_CLUSTER_DAMAGED',
    `${layout.clusterDir} is not empty but has no readable PG_VERSION, so it is no complete PostgreSQL cluster. ` +
      'It was left as it is: restore it from a backup, or move it away to begin with an empty database.',
  );
}

function otherMajor(
  layout: ClusterLayout,
  directory: string,
  found: number,
): EmbeddedPostgresError {
  const { major } = layout;
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_OTHER_MAJOR',
    `${directory} holds a PostgreSQL ${found} cluster, and this release runs PostgreSQL ${major}, which cannot open it. Nothing was changed.\n` +
      `Either go back to the release that came with PostgreSQL ${found}, or move the data with PostgreSQL ${found}'s own programs:\n` +
      `  postgres -D "${directory}" -k /tmp -p 54321 -c listen_addresses=    (and in another terminal)\n` +
      `  pg_dump -h /tmp -p 54321 -U postgres -Fc -f revenue.dump revenue    (then stop that server)\n` +
      `  mv "${directory}" "${layout.rootDir}/kept-${found}"                 (then start this release)\n` +
      `  pg_restore -h "${layout.runDir}" -p 5432 -U postgres --clean --if-exists -d revenue revenue.dump`,
  );
}
