import { LocalLogReader } from './local-log-reader.js';
import { requireIdentity } from './log-directory.js';
import { nodeLogFiles } from './log-files.js';
import { stagingDirectory } from './log-layout.js';
import { DirectoryView } from './log-view.js';
import { openSegments } from './open-segments.js';
import type { StagingLogReader } from './staging-log.port.js';

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
  const identity = await requireIdentity(nodeLogFiles, directory);
  const view = await DirectoryView.open(nodeLogFiles, { directory, identity }, durableEnd);
  const log = new LocalLogReader(nodeLogFiles, view);
  return { log, close: () => log.close() };
}

/**
 * Reads a log that nobody uses; the caller owns its data directory. As at any opening, what a crash left
 * behind is repaired and the end is synced first.
 * @throws LogDirectoryError when there is no log.
 */
export async function openStoppedLog(
  dataDir: string,
  report: (level: 'warn' | 'error', message: string) => void,
): Promise<OpenedLogReader> {
  const directory = stagingDirectory(dataDir);
  const identity = await requireIdentity(nodeLogFiles, directory);
  const view = await openSegments({ files: nodeLogFiles, directory, report }, identity);
  const { end } = view;
  await view.active.close();
  return openLogBesideOwner(dataDir, () => end);
}
