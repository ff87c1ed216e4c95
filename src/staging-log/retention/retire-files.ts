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

const NAME = /^(\d{20})\.(jsonl|sums|ids|loaded|share)$/;

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

/** What the names in the directory of a log tell of retirement. */
export interface RetirementNames {
  /** Of segments that are not in this directory, there are side files: a crash may leave them. */
  readonly orphans: ReadonlySet<number>;
  /** Segments that have a mark of when they were loaded. */
  readonly marked: ReadonlySet<number>;
  /** The offsets of share files. */
  readonly shares: ReadonlySet<number>;
}

/** Looks at all names, so not to be done often. */
export async function readRetirementNames(
  files: LogFiles,
  directory: string,
): Promise<RetirementNames> {
  const plain = new Set<number>();
  const [orphans, marked, shares] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const name of await files.readdir(directory)) {
    const [, digits, kind] = NAME.exec(name) ?? [];
    const offset = Number(digits);
    if (kind === 'jsonl') plain.add(offset);
    else if (kind === 'share') shares.add(offset);
    else if (kind !== undefined) orphans.add(offset);
    if (kind === 'loaded') marked.add(offset);
  }
  for (const first of plain) orphans.delete(first);
  return { orphans, marked, shares };
}
