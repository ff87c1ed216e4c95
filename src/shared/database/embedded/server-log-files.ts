import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const LOG_FILES_MAX = 5;
const TAIL_BYTES = 4096;

interface LogFile {
  readonly path: string;
  readonly modifiedMs: number;
}

/** Keeps the newest few of the server's log files; together with the size of one file that bounds the directory. */
export async function pruneServerLogs(logDir: string): Promise<void> {
  for (const file of (await listNewestFirst(logDir)).slice(LOG_FILES_MAX))
    await rm(file.path, { force: true });
}

/** @returns the last lines that were logged at `sinceMs` (Unix time) or later, oldest first; empty when there are none */
export async function readServerLogTail(
  logDir: string,
  sinceMs: number,
): Promise<readonly string[]> {
  const [newest] = await listNewestFirst(logDir).catch(() => []);
  if (newest === undefined || newest.modifiedMs < sinceMs) return [];
  const file = await open(newest.path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n');
  } finally {
    await file.close();
  }
}

async function listNewestFirst(logDir: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = [];
  for (const name of await readdir(logDir)) {
    const path = join(logDir, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true && name.startsWith('postgresql-'))
      files.push({ path, modifiedMs: found.mtimeMs });
  }
  return files.sort((a, b) => b.modifiedMs - a.modifiedMs);
}
