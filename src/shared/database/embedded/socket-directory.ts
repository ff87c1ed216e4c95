import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { ClusterLayout } from './cluster-layout.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { giveToAccount } from './give-to-account.js';
import type { ServerAccount } from './server-account.js';

/** The port only names the socket file: nothing listens on TCP. */
export const SOCKET_PORT = 5432;

const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;
const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;
const TEMPORARY_PREFIX = 'revenue-etl-pg-';

/**
 * Opens a directory for the server's socket that only the server's account can enter: below `DATA_DIR` when the path is
 * short enough for the kernel, else a fresh one among the temporary files. What an earlier, killed server left is removed,
 * so call it only when no server runs on this cluster.
 */
export async function openSocketDirectory(
  layout: ClusterLayout,
  account: ServerAccount,
): Promise<string> {
  await removeTemporarySocketDirectory(layout);
  const directory = fitsSocket(layout.runDir)
    ? await openRunDirectory(layout.runDir)
    : await makeTemporaryDirectory(layout);
  await giveToAccount(directory, account);
  return directory;
}

/** Removes the temporary socket directory that the cluster's note names; without one there is nothing to do. */
export async function removeTemporarySocketDirectory(layout: ClusterLayout): Promise<void> {
  const directory = await readFile(layout.socketNoteFile, 'utf8').catch(() => '');
  if (!basename(directory).startsWith(TEMPORARY_PREFIX)) return;
  const found = await lstat(directory).catch(() => undefined);
  if (found?.isDirectory() === true)
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  await rm(layout.socketNoteFile, { force: true });
}

/** Removes a killed server's socket and lock file, whose process id may belong to somebody else by now. */
export async function clearSocketDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(SOCKET_NAME)) await rm(join(directory, name), { force: true });
  }
}

function fitsSocket(directory: string): boolean {
  return Buffer.byteLength(join(directory, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX;
}

async function openRunDirectory(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  return directory;
}

async function makeTemporaryDirectory(layout: ClusterLayout): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), TEMPORARY_PREFIX));
  const made = await lstat(directory);
  if (made.uid !== process.geteuid?.() || (made.mode & 0o777) !== 0o700 || !fitsSocket(directory)) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_START_FAILED',
      `Neither ${layout.runDir} nor ${directory} can hold the database socket: the path of a socket ends at ${SOCKET_PATH_BYTES_MAX} bytes, ` +
        'and its directory must be private. Choose a shorter DATA_DIR or TMPDIR.',
    );
  }
  await writeFile(layout.socketNoteFile, directory, { mode: 0o600 });
  return directory;
}
