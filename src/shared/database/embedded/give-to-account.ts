import { lchown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { fileOwnerOf, type ServerAccount } from './server-account.js';

/**
 * Makes `path` and all below it belong to the account. The top changes last, so that its owner tells whether an
 * earlier call got to the end. Costs one `stat` when nothing is to be done.
 *
 * @throws EmbeddedPostgresError `NO_ACCOUNT` when the ownership cannot be changed
 */
export async function giveToAccount(path: string, account: ServerAccount): Promise<void> {
  const wanted = fileOwnerOf(account);
  if ((await stat(path)).uid === wanted.uid) return;
  try {
    for (const entry of await readdir(path, { recursive: true }))
      await lchown(join(path, entry), wanted.uid, wanted.gid);
    await lchown(path, wanted.uid, wanted.gid);
  } catch (cause) {
    const message = `Cannot give ${path} to uid ${wanted.uid}: ${String(cause)}. Run as an ordinary user, or set DATABASE_URL.`;
    throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_NO_ACCOUNT', message, { cause });
  }
}
