import { statSync, type Stats } from 'node:fs';
import { dirname, sep } from 'node:path';

/** Why a command did not do its work: a code of docs/errors.md, and what a person needs to go on. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Codes of ours; those of Node.js begin with ERR_, those of the system have no underscore. */
const OWN_CODE = /^(?!ERR_)[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|^REFUSED$/;
const NO_RIGHT = ['EACCES', 'EPERM', 'EROFS'];

/** What to do about a file that is not in the data directory, by the code of the system. */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'run this as an account that may use it, or name another place',
  EISDIR: 'that is a directory: name a file, or find out who made it',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENOENT: 'name a file in a directory that exists',
  ENOSPC: 'the disk is full: make room',
  ENOTDIR: 'a part of the path is a file: name a directory, or set DATA_DIR to one',
  EPERM: 'run this as an account that may use it, or name another place',
  EROFS: 'it is mounted for reading only: mount it for writing, or name another place',
};

/**
 * Tells any error by a code and a message. Errors with a code of ours carry all that a person needs; of the
 * system's, the path and what to do are told; of any other, a defect, the stack.
 * @param dataDir the one in use
 */
export function explainFailure(error: unknown, dataDir: string): Failure {
  if (!(error instanceof Error)) return { code: 'INTERNAL_ERROR', message: String(error) };
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && OWN_CODE.test(code)) return { code, message };
  if (typeof code === 'string' && errno !== undefined) return explainFile(error, dataDir);
  return { code: 'INTERNAL_ERROR', message: error.stack ?? message };
}

/** Whether the system refused for want of a right. */
export const isForbidden = (error: unknown): boolean =>
  NO_RIGHT.includes((error as NodeJS.ErrnoException).code ?? '');

function explainFile(error: NodeJS.ErrnoException, dataDir: string): Failure {
  const { code = '', syscall = '', message } = error;
  // The socket of an owner is bound by a path that tells nobody anything.
  const path = syscall === 'listen' ? `${dataDir}${sep}owner` : error.path;
  const isInside = path === dataDir || path?.startsWith(`${dataDir}${sep}`) === true;
  if (!isInside || !isForbidden(error)) {
    const remedy = REMEDIES[code] ?? 'look after that file, and the disk that it is on';
    const place = path === undefined || message.includes(path) ? '' : ` ${path}`;
    return { code: 'FILE_FAILED', message: `${message}${place}; ${remedy}` };
  }
  const remedy =
    code === 'EROFS'
      ? 'it is mounted for reading only: mount it for writing'
      : `${describeOwner(path)}; run this as the account of the application, or give it the files`;
  const text = `no right to use ${path} (${code} at ${syscall}): ${remedy}, or set another DATA_DIR`;
  return { code: 'DATA_DIRECTORY_FORBIDDEN', message: text };
}

/** Of what can be looked at, which may be a directory above. */
function describeOwner(path: string): string {
  const found = lookAt(path);
  if (found === null) return dirname(path) === path ? path : describeOwner(dirname(path));
  const mode = (found.mode & 0o777).toString(8);
  const self = process.geteuid?.();
  const who = self === undefined ? '' : `, and this process is user ${self}`;
  return `${path} belongs to user ${found.uid} (mode ${mode})${who}`;
}

function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
