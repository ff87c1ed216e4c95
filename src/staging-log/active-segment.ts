import {
  isSameFile,
  syncDirectory,
  writeFully,
  type FileState,
  type LogFiles,
} from './log-files.js';
import { cutTornTail, type TornTail } from './torn-tail.js';

/** The segment is shorter than what was acknowledged: something outside this process cut it. */
export class SegmentShortenedError extends Error {
  readonly code = 'SEGMENT_SHORTENED';
}

/** Another file has the segment's name: something outside this process put it there. */
export class SegmentReplacedError extends Error {
  readonly code = 'SEGMENT_REPLACED';
}

/**
 * The one file that is appended to. `end` is the end of what is durable: it moves only after
 * fdatasync, and whatever a failed append left behind it is cut off by `heal`.
 */
export class ActiveSegment {
  private constructor(
    private readonly files: LogFiles,
    readonly path: string,
    private fd: number,
    private readonly file: FileState,
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
      await syncDirectory(files, directory);
      const file = await files.fstat(fd);
      return new ActiveSegment(files, path, fd, file, file.size, tornTail);
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
   * @throws SegmentReplacedError when the path leads to another file, SegmentShortenedError when
   * acknowledged bytes are gone; nothing is touched then.
   */
  async heal(): Promise<void> {
    const fresh = await this.files.open(this.path, 'r+');
    try {
      this.assertIntact(await this.files.fstat(fresh), this.durableEnd);
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

  /**
   * Looks whether the path still leads to the file that is appended to, with all that was acknowledged.
   * Nothing else would tell: a file that was moved or deleted takes appends as before.
   * @throws SegmentReplacedError, SegmentShortenedError, or that of the system when there is no file.
   */
  async assertInPlace(): Promise<void> {
    const { durableEnd } = this; // from before the look: a commit in flight makes it longer
    this.assertIntact(await this.files.stat(this.path), durableEnd);
  }

  private assertIntact(found: FileState, end: number): void {
    if (!isSameFile(found, this.file)) {
      throw new SegmentReplacedError(`another file is at ${this.path}`);
    }
    if (found.size < end) {
      const message = `${this.path} has ${found.size} bytes, but ${end} were acknowledged`;
      throw new SegmentShortenedError(message);
    }
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
