import { join } from 'node:path';
import { readWhole } from '../blocks/sums-file.js';
import type { LogFiles } from './log-files.js';

/** Where a log begins and ends, and which one it is. */
interface LogPlace {
  readonly identity: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Up to where a log was loaded when `checkpoint.json`, beside it in the data directory, was written: within the log, whatever
 * stands there. Nothing proves it, and it may be older than the checkpoint, so it is for the bound of the backlog alone, and only until
 * the checkpoint is told. Null when the file cannot be read, or is of another log.
 */
export async function readLoadedHint(
  files: LogFiles,
  dataDir: string,
  { identity, start, end }: LogPlace,
): Promise<number | null> {
  try {
    const bytes = await readWhole(files, join(dataDir, 'checkpoint.json'));
    if (bytes === null) return null;
    const { logId, offset } = JSON.parse(bytes.toString()) as { logId: unknown; offset: unknown };
    if (logId !== identity || !Number.isSafeInteger(offset)) return null;
    return Math.min(Math.max(Number(offset), start), end);
  } catch {
    return null; // what is for people, and missing, keeps no log from opening
  }
}
