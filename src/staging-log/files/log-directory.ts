import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { replaceFile, syncDirectory, type LogFiles } from './log-files.js';
import { readWhole } from '../blocks/sums-file.js';

const IDENTITY_FILE = 'log.identity';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The log's directory is not one that can be used as it is. The message says what to do. */
export class LogDirectoryError extends Error {
  constructor(
    readonly code: 'LOG_IDENTITY_MISSING' | 'LOG_IDENTITY_DAMAGED' | 'LOG_MISSING',
    message: string,
  ) {
    super(message);
  }
}

/** Makes the directory and the identity of a new log, durably, or reads those of an existing one. */
export async function openLogDirectory(files: LogFiles, directory: string): Promise<string> {
  await files.mkdir(directory);
  // Also of a directory that is there already: who made it may have been killed before this.
  await syncDirectory(files, dirname(directory));
  const known = await readIdentity(files, directory);
  if (known !== null) return known;
  const segments = (await files.readdir(directory)).filter((name) => name.endsWith('.jsonl'));
  if (segments.length > 0) throw identityMissing(directory);
  const identity = randomUUID();
  await replaceFile(files, join(directory, IDENTITY_FILE), [Buffer.from(`${identity}\n`)]);
  return identity;
}

/** The identity of an existing log. @throws LogDirectoryError when there is none. */
export async function requireIdentity(files: LogFiles, directory: string): Promise<string> {
  const identity = await readIdentity(files, directory);
  if (identity !== null) return identity;
  const message = `no staging log in ${directory}; set DATA_DIR to the directory of the application`;
  throw new LogDirectoryError('LOG_MISSING', message);
}

async function readIdentity(files: LogFiles, directory: string): Promise<string | null> {
  const path = join(directory, IDENTITY_FILE);
  const bytes = await readWhole(files, path);
  if (bytes === null) return null;
  const text = bytes.toString().trim();
  if (UUID.test(text)) return text;
  const message = `${path} does not hold a UUID; restore it from a backup, or from load_checkpoint.log_id in the database`;
  throw new LogDirectoryError('LOG_IDENTITY_DAMAGED', message);
}

/** A new identity would load every record of an old log a second time. */
function identityMissing(directory: string): LogDirectoryError {
  const path = join(directory, IDENTITY_FILE);
  const message = `${path} is missing beside existing segments; restore it from a backup, or write load_checkpoint.log_id from the database into it`;
  return new LogDirectoryError('LOG_IDENTITY_MISSING', message);
}
