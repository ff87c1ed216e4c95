import { findLogEnd } from './find-log-end.js';
import { LocalLogReader } from '../read/local-log-reader.js';
import { requireIdentity } from '../files/log-directory.js';
import { nodeLogFiles, type LogFiles } from '../files/log-files.js';
import { stagingDirectory } from '../files/log-layout.js';
import { DirectoryView } from '../read/log-view.js';
import { openSegments } from '../segments/open-segments.js';
import type { StagingLogReader } from '../staging-log.port.js';

/** A log that is read without taking events. */
export interface OpenedLogReader {
  readonly log: StagingLogReader;
  close(): Promise<void>;
}

/** A log that is looked at as it lies there: nothing is changed by opening, reading or closing it. */
export interface LogAsItIs extends OpenedLogReader {
  readonly log: LocalLogReader;
  readonly view: DirectoryView;
  readonly files: LogFiles;
  readonly directory: string;
  /** Bytes behind the last whole record, which the next start will cut off; 0 beside the owner. */
  readonly tornBytes: number;
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
  return openLogAsItIs(stagingDirectory(dataDir), durableEnd);
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
  const { view } = await openSegments({ files: nodeLogFiles, directory, report }, identity);
  const { end } = view;
  await view.active.close();
  return openLogBesideOwner(dataDir, () => end);
}

/**
 * Reads the log in a directory without repairing anything.
 * @param durableEnd its owner's word, as in `openLogBesideOwner`; null when nobody has it open: then the
 * log ends behind its last whole record.
 * @throws LogDirectoryError when there is no log.
 */
export async function openLogAsItIs(
  directory: string,
  durableEnd: (() => number) | null,
  files: LogFiles = nodeLogFiles,
): Promise<LogAsItIs> {
  const identity = await requireIdentity(files, directory);
  const { end, tornBytes } =
    durableEnd === null ? await findLogEnd(files, directory) : { end: 0, tornBytes: 0 };
  const view = await DirectoryView.open(
    files,
    { directory, identity },
    durableEnd ?? ((): number => end),
  );
  const log = new LocalLogReader(files, view);
  return { log, view, files, directory, tornBytes, close: () => log.close() };
}
