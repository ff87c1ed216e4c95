import { syncDirectory } from './log-directory.js';
import { writeFully, type LogFiles } from './log-files.js';
import { cutTornTail, type TornTail } from './torn-tail.js';

/** The segment is shorter than what was acknowledged: something outside this process cut it. */
export class SegmentShortenedError extends Error {
  readonly code = 'SEGMENT_SHORTENED';
}

/**
 * The one file that is appended to. `end` is the end of what is durable: it moves only after
 * fdatasync, and whatever a failed append left behind it is cut off by `heal`.
 */
export class ActiveSegment {
  private constructor(
    private readonly files: LogFiles,
    private readonly path: string,
    private fd: number,
    private durableEnd: number,
    /** What opening had to cut off, for the log to report. */
    readonly tornTail: TornTail | null,
  ) {}

  /**
   * Opens or creates. A tail without its line end is cut off, and all that stays is synced before
   * `end` tells of it: it may have been written, but not synced, by a process that was killed.
   */
  static async open(files: LogFiles, path: string, directory: string): Promise<ActiveSegment> {
    const fd = await openForAppend(files, path);
    try {
      const tornTail = await cutTornTail(files, fd, directory);
      await files.fsync(fd);
      await syncDirectory(directory);
      return new ActiveSegment(files, path, fd, await files.size(fd), tornTail);
    } catch (error) {
      await files.close(fd).catch(() => undefined);
      throw error;
    }
  }

  get end(): number {
    return this.durableEnd;
  }

  /** Resolves when the bytes are durable. Rejects otherwise; then only `heal` may follow. */
  async append(bytes: Buffer): Promise<void> {
    await writeFully(this.files, this.fd, { position: this.durableEnd, bytes });
    await this.files.fdatasync(this.fd);
    this.durableEnd += bytes.length;
  }

  /**
   * After a failed append: opens the file anew (after a failed sync the old descriptor cannot be
   * trusted), cuts it back to the last acknowledged byte and syncs that. Rejects while the disk
   * does not allow it.
   * @throws SegmentShortenedError when acknowledged bytes are gone; nothing is touched then.
   */
  async heal(): Promise<void> {
    const fresh = await this.files.open(this.path, 'r+');
    try {
      const size = await this.files.size(fresh);
      if (size < this.durableEnd) throw this.shortened(size);
      await this.files.truncate(fresh, this.durableEnd);
      await this.files.fsync(fresh);
    } catch (error) {
      await this.files.close(fresh).catch(() => undefined);
      throw error;
    }
    const stale = this.fd;
    this.fd = fresh;
    await this.files.close(stale).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.files.close(this.fd);
  }

  private shortened(size: number): SegmentShortenedError {
    const message = `${this.path} has ${size} bytes, but ${this.durableEnd} were acknowledged; restore it from a backup`;
    return new SegmentShortenedError(message);
  }
}

/** Not `a`: with O_APPEND Linux ignores the position, and a short write could not be finished. */
async function openForAppend(files: LogFiles, path: string): Promise<number> {
  try {
    return await files.open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return files.open(path, 'wx+');
  }
}
