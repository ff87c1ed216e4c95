import { basename, join } from 'node:path';
import { syncDirectory, type LogFiles } from './log-files.js';
import { stagingDirectory } from './log-layout.js';
import { readWhole } from '../blocks/sums-file.js';

/** Ids that a new epoch of a log takes over from the one before. */
export const INHERITED_FILE = 'inherited.ids';

/** What a new epoch of a log tells of the one before. */
export const EPOCH_FILE = 'epoch.json';

/** Where the new one is built, beside the directory of the log. */
export const UNFINISHED = 'staging.new';

/**
 * Puts a new epoch in place that was cut off between its two renames: it is whole, and the log before it was
 * put aside. Else a start in between would begin an empty log.
 */
export async function placeCutOffEpoch(files: LogFiles, dataDir: string): Promise<void> {
  const unfinished = join(dataDir, UNFINISHED);
  const bytes = await readWhole(files, join(unfinished, EPOCH_FILE));
  if (bytes === null) return;
  const { setAside } = JSON.parse(bytes.toString()) as { readonly setAside: string };
  const names = await files.readdir(dataDir);
  const staging = stagingDirectory(dataDir);
  if (names.includes(basename(staging)) || !names.includes(setAside)) return;
  await files.rename(unfinished, staging);
  await syncDirectory(files, dataDir);
}
