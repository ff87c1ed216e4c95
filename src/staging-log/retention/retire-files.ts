import { join } from 'node:path';
import { replaceFile, syncDirectory, type LogFiles } from '../files/log-files.js';
import {
  ARCHIVE,
  archivePath,
  archiveSumsPath,
  idsPath,
  loadedPath,
  segmentPath,
  sumsPath,
} from '../files/log-layout.js';
import type { RetentionAction } from '../log-retention.port.js';

const SIDE_FILE = /^(\d{20})\.(sums|ids|loaded)$/;

/** Like `replaceFile`, and when it fails, the unfinished file does not stay to fill the disk. */
export async function replaceOrRemove(
  files: LogFiles,
  path: string,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  try {
    await replaceFile(files, path, pieces);
  } catch (error) {
    await files.unlink(`${path}.new`).catch(() => undefined);
    throw error;
  }
}

/** @returns whether there was such a file. */
export async function unlinkIfThere(files: LogFiles, path: string): Promise<boolean> {
  try {
    await files.unlink(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Removes what a retired segment leaves behind; may be done again, whatever is there of it. Its checksums
 * go when the segment is gone durably: without them, one that came back could not be proved any more.
 */
export async function removeRetired(
  files: LogFiles,
  { directory, first }: { readonly directory: string; readonly first: number },
  action: RetentionAction,
): Promise<void> {
  if (action === 'delete') {
    // First, so that a part of an archive that a crash left never takes the place of the segment.
    const archive = await unlinkIfThere(files, archivePath(directory, first));
    if (archive) await syncDirectory(files, join(directory, ARCHIVE));
    await unlinkIfThere(files, archiveSumsPath(directory, first));
  }
  if (await unlinkIfThere(files, segmentPath(directory, first))) {
    await syncDirectory(files, directory);
  }
  for (const path of [sumsPath, idsPath, loadedPath]) {
    await unlinkIfThere(files, path(directory, first));
  }
  await syncDirectory(files, directory);
}

/** Of which segments there are side files, but not the segment, in this directory: a crash may leave them. */
export async function findOrphans(files: LogFiles, directory: string): Promise<number[]> {
  const names = await files.readdir(directory);
  const firsts = names.map((name) => SIDE_FILE.exec(name)?.[1]);
  const orphans = firsts.filter(
    (digits) => digits !== undefined && !names.includes(`${digits}.jsonl`),
  );
  return [...new Set(orphans.map(Number))];
}
