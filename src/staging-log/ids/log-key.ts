import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readExactly, replaceFile, type LogFiles } from '../files/log-files.js';
import { SIP_KEY_BYTES } from './sip-hash.js';

export const LOG_KEY_FILE = 'log.key';
const KEY_LINE = new RegExp(`^[0-9a-f]{${SIP_KEY_BYTES * 2}}\\n?$`);
const LINE_BYTES_MAX = 1024;
const MARK_BYTES = 8;

type Report = (level: 'info' | 'warn' | 'error', message: string) => void;

/**
 * The key of the hashes of ids, kept in `log.key` in hex for the owner's eyes only. A new one is made
 * when there is none, or a damaged one: then no `.ids` can be used any more, which is reported. A disk
 * that takes no file now does not keep the log from opening: then the key lasts for this process.
 * @throws the error of the system when the file is there and cannot be read.
 */
export async function openLogKey(
  files: LogFiles,
  directory: string,
  report: Report,
): Promise<Buffer> {
  const path = join(directory, LOG_KEY_FILE);
  const line = await readLine(files, path);
  if (line !== null && KEY_LINE.test(line)) return Buffer.from(line.trim(), 'hex');
  const idFiles = (await files.readdir(directory)).filter((name) => name.endsWith('.ids'));
  if (line !== null || idFiles.length > 0) {
    const what = line === null ? 'is missing' : `does not hold ${SIP_KEY_BYTES * 2} hex digits`;
    report('warn', `${path} ${what}, a new one is made: ids are read from the segments instead`);
  }
  const key = randomBytes(SIP_KEY_BYTES);
  try {
    await replaceFile(files, path, keyFile(files, path, key));
  } catch (error) {
    report('error', `${path} cannot be written, this key is lost at the end: ${String(error)}`);
  }
  return key;
}

/** Tells whether hashes were made with the same key, and does not tell the key. */
export const markOfKey = (key: Buffer): Buffer =>
  createHash('sha256').update(key).digest().subarray(0, MARK_BYTES);

/** Null when there is none. */
async function readLine(files: LogFiles, path: string): Promise<string | null> {
  let fd: number;
  try {
    fd = await files.open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const length = Math.min(LINE_BYTES_MAX, (await files.fstat(fd)).size);
    return (await readExactly(files, fd, { position: 0, length })).toString('latin1');
  } finally {
    await files.close(fd);
  }
}

/** What is written; the file is there and empty when the first piece is asked for. */
async function* keyFile(files: LogFiles, path: string, key: Buffer): AsyncGenerator<Buffer> {
  await files.chmod(`${path}.new`, 0o600);
  yield Buffer.from(`${key.toString('hex')}\n`);
}
