import { ActiveSegment } from './active-segment.js';
import { LocalLogReader } from './local-log-reader.js';
import { requireIdentity, segmentPath, stagingDirectory } from './log-directory.js';
import { nodeLogFiles } from './log-files.js';
import { START_OF_LOG, type StagingLogReader } from './staging-log.port.js';

/** A log that is read without taking events. */
export interface OpenedLogReader {
  readonly log: StagingLogReader;
  close(): Promise<void>;
}

/**
 * Reads beside the process that owns the log. `durableEnd` is that process's word on how far: what
 * the file holds beyond may not be synced, and may be cut off again.
 * @throws LogDirectoryError when there is no log.
 */
export async function openLogBesideOwner(
  dataDir: string,
  durableEnd: () => number,
): Promise<OpenedLogReader> {
  const directory = stagingDirectory(dataDir);
  const identity = await requireIdentity(directory);
  const fd = await nodeLogFiles.open(segmentPath(directory, START_OF_LOG), 'r');
  const log = new LocalLogReader(identity, nodeLogFiles, fd, durableEnd);
  return { log, close: () => log.close() };
}

/**
 * Reads a log that nobody uses; the caller owns its data directory. As at any opening, a torn tail
 * is cut off and the rest is synced first.
 * @throws LogDirectoryError when there is no log.
 */
export async function openStoppedLog(dataDir: string): Promise<OpenedLogReader> {
  const directory = stagingDirectory(dataDir);
  await requireIdentity(directory);
  const segment = await ActiveSegment.open(
    nodeLogFiles,
    segmentPath(directory, START_OF_LOG),
    directory,
  );
  const { end } = segment;
  await segment.close();
  return openLogBesideOwner(dataDir, () => end);
}
