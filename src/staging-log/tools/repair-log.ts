import { LocalStagingLog, type LocalStagingLogOptions } from '../local-staging-log.js';
import { requireIdentity } from '../files/log-directory.js';
import { nodeLogFiles, syncDirectory, type LogFiles } from '../files/log-files.js';
import {
  idsPath,
  readLayout,
  segmentPath,
  stagingDirectory,
  sumsPath,
  type LogLayout,
  type SegmentEntry,
} from '../files/log-layout.js';
import { makeSums } from '../segments/open-segments.js';
import { NO_SUMS, readSums, type Sums } from '../blocks/sums-file.js';
import { segmentEnds } from './segment-ends.js';
import { findIdFaults } from './verify-id-files.js';

/** `opening`: what a start does; `checksums`: of other segments; `ids`: whether their files are sound. */
export type RepairStep = 'opening' | 'checksums' | 'ids';

export interface RepairOptions extends LocalStagingLogOptions {
  /**
   * When a step begins: about how many bytes of segments and of files of ids it reads, by `files.read`. Those of a
   * start are all that there are; it reads far less where nothing is missing.
   */
  readonly onStep?: (step: RepairStep, bytes: number) => void;
}

interface SegmentToCover {
  readonly entry: SegmentEntry;
  /** Where the next segment begins. */
  readonly next: number;
}

/**
 * Puts right whatever can be put right without a backup: all that a start does (unfinished files, the
 * torn tail, the checksums and ids that the newest segments miss), the checksums of every other sealed
 * segment where they are missing or damaged, and damaged files of ids, which are removed: a start that
 * needs them reads their segment. No segment is changed but for its torn tail, and a block keeps the
 * checksum it has, whether it matches or not. The caller owns the data directory.
 * @throws LogDirectoryError when there is no log, and errors of the system.
 */
export async function repairLog(options: RepairOptions): Promise<void> {
  const { files = nodeLogFiles, dataDir, report, onStep = (): void => undefined } = options;
  const directory = stagingDirectory(dataDir);
  await requireIdentity(files, directory);
  const before = await readLayout(files, directory);
  const segmentBytes = await sizeOf(files, plainPaths(before, directory, segmentPath));
  onStep('opening', segmentBytes + (await sizeOf(files, plainPaths(before, directory, idsPath))));
  const log = await LocalStagingLog.open(options);
  await log.close();
  const layout = await readLayout(files, directory);
  const uncovered = await findUncovered(files, directory, layout);
  const uncoveredPaths = uncovered.map(({ entry }) => segmentPath(directory, entry.first));
  onStep('checksums', await sizeOf(files, uncoveredPaths));
  for (const segment of uncovered) {
    const made = await repairSums(files, directory, segment);
    if (made !== null) report('info', made);
  }
  onStep('ids', await sizeOf(files, plainPaths(layout, directory, idsPath)));
  await removeDamagedIds(files, directory, report);
}

const plainPaths = (
  { segments }: LogLayout,
  directory: string,
  pathOf: (directory: string, first: number) => string,
): string[] =>
  segments.filter(({ archived }) => !archived).map(({ first }) => pathOf(directory, first));

/** Of those that are there, together. */
async function sizeOf(files: LogFiles, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) {
    try {
      bytes += (await files.stat(path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return bytes;
}

/** Sealed segments whose checksums are missing or damaged. */
async function findUncovered(
  files: LogFiles,
  directory: string,
  layout: LogLayout,
): Promise<SegmentToCover[]> {
  const endOf = segmentEnds(layout);
  const uncovered: SegmentToCover[] = [];
  for (const entry of layout.segments) {
    const next = endOf(entry.first);
    if (next === null || entry.archived) continue;
    if (!isWhole(await readSums(files, sumsPath(directory, entry.first)))) {
      uncovered.push({ entry, next });
    }
  }
  return uncovered;
}

const isWhole = (sums: Sums | null): boolean =>
  sums !== null && sums.damagedLines === 0 && sums.sealedLength !== null;

/** What was done, or null when there was nothing that could be done. */
async function repairSums(
  files: LogFiles,
  directory: string,
  { entry, next }: SegmentToCover,
): Promise<string | null> {
  const path = sumsPath(directory, entry.first);
  const sums = await readSums(files, path);
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
