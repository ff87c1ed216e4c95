import { createWriteStream, fstatSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { nodeLogFiles, syncDirectory } from '../staging-log/log-tools.port.js';
import { RefusedError } from './log-arguments.js';

/** What became of an output: the exit code, and whether a file of it is to stay. */
export interface Written {
  readonly exitCode: number;
  readonly keep: boolean;
}

/**
 * Lets a work write to a file, which is there as a whole when it is there, or to the standard output.
 * @throws RefusedError when that goes to a file with something in it already: `npm run` without `-s` writes
 * lines of its own there, and a share or a range of the log behind them is of no use to anybody.
 */
export async function withOutput(
  path: string | undefined,
  write: (out: Writable) => Promise<Written>,
): Promise<number> {
  if (path !== undefined) return writeFile(path, write);
  const stdout = fstatSync(1);
  if (stdout.isFile() && stdout.size > 0) {
    const remedy = 'call `npm run -s log -- …`, since npm writes lines of its own without -s';
    throw new RefusedError(
      `the output goes to a file that is not empty: ${remedy}, or use --out FILE`,
    );
  }
  return (await write(process.stdout)).exitCode;
}

async function writeFile(
  path: string,
  write: (out: Writable) => Promise<Written>,
): Promise<number> {
  const temporary = `${path}.new`;
  await (await open(temporary, 'w')).close(); // before a long work, of which nothing could be kept
  const out = createWriteStream(temporary, { flush: true });
  const closed = finished(out);
  closed.catch(() => undefined); // told below
  try {
    // Whoever waits for a stream to drain that failed meanwhile waits for ever.
    const { exitCode, keep } = await Promise.race([write(out), failure(out)]);
    out.end();
    await closed;
    if (!keep) {
      await unlink(temporary);
      return exitCode;
    }
    await rename(temporary, path);
    await syncDirectory(nodeLogFiles, dirname(path));
    return exitCode;
  } catch (error) {
    out.destroy();
    await unlink(temporary).catch(() => undefined);
    throw naming(temporary, error);
  }
}

/** An error of the system while writing names no file. */
function naming(path: string, error: unknown): unknown {
  const isOfSystem = error instanceof Error && 'errno' in error;
  return isOfSystem && !('path' in error) ? Object.assign(error, { path }) : error;
}

/** Rejects when the stream fails. */
function failure(out: Writable): Promise<never> {
  const failed = new Promise<never>((_resolve, reject) => {
    out.once('error', reject);
  });
  failed.catch(() => undefined);
  return failed;
}
