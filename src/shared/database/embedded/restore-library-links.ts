import { readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/**
 * Creates the library links that the package's install script would have made and `npm ci --ignore-scripts` leaves out.
 * What cannot be created is left to the version check that follows: on a read-only disk the links usually exist already.
 */
export async function restoreLibraryLinks(nativeDir: string): Promise<void> {
  const packageDir = dirname(nativeDir);
  for (const link of await readLinkList(join(nativeDir, 'pg-symlinks.json'))) {
    await symlink(basename(link.source), join(packageDir, link.target)).catch(() => undefined);
  }
}

async function readLinkList(file: string): Promise<readonly LibraryLink[]> {
  const text = await readFile(file, 'utf8').catch(() => '[]');
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.filter(isLibraryLink) : [];
}

function isLibraryLink(value: unknown): value is LibraryLink {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value))
    return false;
  const { source, target } = value;
  // A link always points to a file beside it; anything else is not ours to create.
  return (
    typeof source === 'string' &&
    typeof target === 'string' &&
    dirname(source) === dirname(target) &&
    !target.includes('..')
  );
}
