import type { LogFiles } from '../files/log-files.js';
import { sharePath } from '../files/log-layout.js';
import type { ReplaceFile, ShareFile } from '../log-retention.port.js';
import { toOffset } from '../staging-log.port.js';
import { readRetirementNames, replaceOrRemove, unlinkIfThere } from './retire-files.js';

/** The share files in the directory of a log, which is not listed anew for each segment. */
export class ShareFiles {
  /** Null: to be looked for. */
  private known: Set<number> | null = null;

  constructor(
    private readonly files: LogFiles,
    private readonly directory: string,
  ) {}

  /** The directory was listed, and these are in it. */
  found(offsets: Iterable<number>): void {
    this.known = new Set(offsets);
  }

  /** Newest first. While there is none, it is looked for: somebody may have restored it. */
  async all(): Promise<readonly ShareFile[]> {
    if (this.known === null || this.known.size === 0) {
      this.found((await readRetirementNames(this.files, this.directory)).shares);
    }
    return [...(this.known ?? [])]
      .sort((one, other) => other - one)
      .map((offset) => ({ path: this.path(offset), offset: toOffset(offset) }));
  }

  /** Asks the disk, since somebody may have removed it. */
  async isThere(offset: number): Promise<boolean> {
    try {
      await this.files.stat(this.path(offset));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** See `LogRetention.putShare`. @param stop ends it between two pieces */
  async put(
    offset: number,
    write: (path: string, replace: ReplaceFile) => Promise<void>,
    stop: AbortSignal,
  ): Promise<void> {
    try {
      await write(this.path(offset), (path, pieces) =>
        replaceOrRemove(this.files, path, untilAborted(pieces, stop)),
      );
      this.known?.add(offset);
    } catch (error) {
      this.known = null; // it may be there or not
      throw error;
    }
  }

  async removeBefore(offset: number): Promise<void> {
    for (const older of await this.all()) {
      if (older.offset >= offset) continue;
      await unlinkIfThere(this.files, older.path);
      this.known?.delete(older.offset);
    }
  }

  private path(offset: number): string {
    return sharePath(this.directory, offset);
  }
}

async function* untilAborted(
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}
