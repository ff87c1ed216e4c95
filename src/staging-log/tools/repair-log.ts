import { LocalStagingLog, type LocalStagingLogOptions } from '../local-staging-log.js';
import { requireIdentity } from '../files/log-directory.js';
import { nodeLogFiles, syncDirectory, type LogFiles } from '../files/log-files.js';
import {
  readLayout,
  segmentPath,
  stagingDirectory,
  sumsPath,
  type SegmentEntry,
} from '../files/log-layout.js';
import { makeSums } from '../segments/open-segments.js';
import { NO_SUMS, readSums } from '../blocks/sums-file.js';
import { segmentEnds } from './segment-ends.js';
import { findIdFaults } from './verify-id-files.js';

/**
 * Puts right whatever can be put right without a backup: all that a start does (unfinished files, the
 * torn tail, the checksums and ids that the newest segments miss), the checksums of every other sealed
 * segment where they are missing or damaged, and damaged files of ids, which are removed: a start that
 * needs them reads their segment. No segment is changed but for its torn tail, and a block keeps the
 * checksum it has, whether it matches or not. The caller owns the data directory.
 * @throws LogDirectoryError when there is no log, and errors of the system.
 */
export async function repairLog(options: LocalStagingLogOptions): Promise<void> {
  const { files = nodeLogFiles, dataDir, report } = options;
  const directory = stagingDirectory(dataDir);
  await requireIdentity(files, directory);
  const log = await LocalStagingLog.open(options);
  await log.close();
  const layout = await readLayout(files, directory);
  const endOf = segmentEnds(layout);
  for (const entry of layout.segments) {
    const next = endOf(entry.first);
    if (next === null || entry.archived) continue;
    const made = await repairSums(files, directory, { entry, next });
    if (made !== null) report('info', made);
  }
  await removeDamagedIds(files, directory, report);
}

/** What was done, or null when there was nothing to do, or nothing that could be done. */
async function repairSums(
  files: LogFiles,
  directory: string,
  { entry, next }: { readonly entry: SegmentEntry; readonly next: number },
): Promise<string | null> {
  const path = sumsPath(directory, entry.first);
  const sums = await readSums(files, path);
  if (sums !== null && sums.damagedLines === 0 && sums.sealedLength !== null) return null;
  // Where a segment is missing behind this one, its last line is all that tells so.
  const sealedEnd = entry.first + (sums?.sealedLength ?? Infinity);
  const end = { first: Math.min(sealedEnd, next) };
  try {
    await makeSums(files, { directory, entry, next: end, sums: sums ?? NO_SUMS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const why = sums === null ? 'were missing' : 'were damaged';
  return `${path}: checksums ${why} and are made anew of what is in ${segmentPath(directory, entry.first)} now`;
}

async function removeDamagedIds(
  files: LogFiles,
  directory: string,
  report: LocalStagingLogOptions['report'],
): Promise<void> {
  const layout = await readLayout(files, directory);
  for await (const { path, kind, inherited } of findIdFaults({ files, directory }, layout)) {
    if (kind !== 'damaged' || inherited) continue;
    await files.unlink(path);
    await syncDirectory(files, directory);
    report('info', `${path} was damaged and is removed: a start that needs it reads the segment`);
  }
}
