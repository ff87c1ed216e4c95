import { stat } from 'node:fs/promises';

import type { ClusterLayout } from './cluster-layout.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { PostgresBinaries } from './find-binaries.js';
import { runCommand } from './run-command.js';
import { commandAs, describeAccount, type ServerAccount } from './server-account.js';

const PROBE_TIMEOUT_MS = 20_000;
const NOBODY = process.platform === 'darwin' ? -2 : 65534;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Decides as whom the server runs, by trying. Changes nothing on disk.
 *
 * @throws EmbeddedPostgresError `FOREIGN_OWNER` for an ordinary user whose cluster belongs to somebody else;
 *   `NO_ACCOUNT` for root when no unprivileged account can reach both the programs and the data
 */
export async function chooseAccount(
  binaries: PostgresBinaries,
  layout: ClusterLayout,
): Promise<ServerAccount> {
  if (process.geteuid?.() !== 0) {
    await requireOwnership(layout);
    return { kind: 'self' };
  }
  const refusals: string[] = [];
  for (const account of await accountsForRoot(layout)) {
    const refusal = await probe(account, binaries, layout);
    if (refusal === undefined) return account;
    refusals.push(`- as ${describeAccount(account)}: ${refusal}`);
  }
  throw new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_NO_ACCOUNT',
    `PostgreSQL refuses to run as root, and no other account can run ${binaries.postgres} on ${layout.dataDir}:\n${refusals.join('\n')}\n` +
      'Run this as an ordinary user who owns that directory, or make every directory above both paths passable (chmod o+x), ' +
      'or set DATABASE_URL to a PostgreSQL server.',
  );
}

/**
 * The present owner of the cluster comes first: then nothing has to change hands, and a user who once let root start the
 * server can still start it alone. The namespace comes before `nobody` because it needs no `chown` and passes 0700 directories.
 */
async function accountsForRoot(layout: ClusterLayout): Promise<readonly ServerAccount[]> {
  const clusterOwner = await ownerOf(layout.clusterDir);
  const dataOwner = await ownerOf(layout.dataDir);
  const namespace: readonly ServerAccount[] =
    process.platform === 'linux' ? [{ kind: 'user-namespace' }] : [];
  return [
    ...ordinary(clusterOwner),
    ...namespace,
    ...ordinary(dataOwner),
    ...ordinary({ uid: NOBODY, gid: NOBODY }),
  ];
}

function ordinary(owner: Owner | undefined): readonly ServerAccount[] {
  return owner === undefined || owner.uid === 0
    ? []
    : [{ kind: 'other-user', uid: owner.uid, gid: owner.gid }];
}

/** @returns why the account cannot be used, or undefined */
async function probe(
  account: ServerAccount,
  binaries: PostgresBinaries,
  layout: ClusterLayout,
): Promise<string | undefined> {
  const script = 'test -x "$1" || { echo "cannot enter $1"; exit 1; }; exec "$2" --version';
  const command = commandAs(account, ['sh', '-c', script, 'sh', layout.dataDir, binaries.postgres]);
  const result = await runCommand(command, PROBE_TIMEOUT_MS);
  return result.kind === 'succeeded' ? undefined : result.output;
}

async function requireOwnership(layout: ClusterLayout): Promise<void> {
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  for (const path of [layout.rootDir, layout.clusterDir]) {
    const owner = await ownerOf(path);
    if (owner === undefined || owner.uid === uid) continue;
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_FOREIGN_OWNER',
      `${path} belongs to uid ${owner.uid}, and this process runs as uid ${uid}. ` +
        `Run it as that user, or hand the files over with: sudo chown -R ${uid}:${gid} "${layout.rootDir}"`,
    );
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : { uid: found.uid, gid: found.gid };
}
