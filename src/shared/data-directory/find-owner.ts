import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { findOthers, type OwnerHello } from './owner-sockets.js';

/** Who owns this data directory now, with what it tells tools; null when nobody does. */
export async function findOwner(dataDir: string): Promise<OwnerHello | null> {
  const path = join(dataDir, 'owner');
  const directory = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (directory === null) return null;
  try {
    const others = await findOthers(directory, path, null);
    return others.find(({ hello }) => hello.state === 'owner')?.hello ?? null;
  } finally {
    await directory.close();
  }
}
