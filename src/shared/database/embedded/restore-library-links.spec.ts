import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { restoreLibraryLinks } from './restore-library-links.js';

describe('restoreLibraryLinks', () => {
  let nativeDir: string;
  let topDir: string;

  beforeEach(async () => {
    topDir = await mkdtemp(join(tmpdir(), 'revenue-etl-links-'));
    nativeDir = join(topDir, 'native');
    await mkdir(join(nativeDir, 'lib'), { recursive: true });
    await writeFile(join(nativeDir, 'lib', 'libpq.so.5.18'), 'library');
  });
  afterEach(() => rm(topDir, { recursive: true, force: true }));

  const list = (target: string): Promise<void> =>
    writeFile(
      join(nativeDir, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target }]),
    );

  it('creates a listed link that is missing, and may be repeated', async () => {
    await list('native/lib/libpq.so.5');
    await restoreLibraryLinks(nativeDir);
    await restoreLibraryLinks(nativeDir);
    expect(await readlink(join(nativeDir, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  });

  it('keeps a file that is there already', async () => {
    await list('native/lib/libpq.so.5');
    await writeFile(join(nativeDir, 'lib', 'libpq.so.5'), 'a copy instead of a link');
    await restoreLibraryLinks(nativeDir);
    expect(await readFile(join(nativeDir, 'lib', 'libpq.so.5'), 'utf8')).toContain('a copy');
  });

  it('creates nothing outside of the package', async () => {
    await list('../escaped');
    await restoreLibraryLinks(nativeDir);
    await expect(readlink(join(topDir, '..', 'escaped'))).rejects.toThrow('ENOENT');
  });

  it('has nothing to do without a list', async () => {
    await expect(restoreLibraryLinks(nativeDir)).resolves.toBeUndefined();
  });
});
