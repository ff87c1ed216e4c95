import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileFingerprint } from './run-state.js';

const CHUNK_BYTES = 256 * 1024;

export type OpenedEventsFile =
  | { readonly kind: 'opened'; readonly file: EventsFile }
  | { readonly kind: 'unreadable'; readonly missing: boolean; readonly cause: string };

/** Reading failed after the file had been opened. */
export class EventsFileReadError extends Error {
  readonly code = 'EVENTS_FILE_UNREADABLE';
}

/**
 * The events file, open for one call: both passes read the same inode, so a file that is replaced
 * meanwhile does not matter, and one that is written to is noticed by its hash.
 */
export class EventsFile {
  private constructor(
    private readonly handle: FileHandle,
    /** When it was opened; bytes appended later belong to no run yet. */
    readonly size: number,
  ) {}

  static async open(path: string): Promise<OpenedEventsFile> {
    let handle: FileHandle | null = null;
    try {
      // Without O_NONBLOCK, opening a named pipe would wait for its writer for ever.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = await handle.stat();
      if (stats.isFile()) return { kind: 'opened', file: new EventsFile(handle, stats.size) };
      await handle.close();
      const cause = stats.isDirectory() ? 'it is a directory' : 'it is not a regular file';
      return { kind: 'unreadable', missing: false, cause };
    } catch (error) {
      await handle?.close();
      const { code, message } = error as NodeJS.ErrnoException;
      return { kind: 'unreadable', missing: code === 'ENOENT', cause: message };
    }
  }

  /** Reads it all; null when `halt` was aborted before the end. */
  async fingerprint(halt: AbortSignal): Promise<FileFingerprint | null> {
    const hash = createHash('sha256');
    const chunks = this.chunks(hash)[Symbol.asyncIterator]();
    while (!(await chunks.next()).done) {
      if (halt.aborted) return null;
    }
    return { size: this.size, sha256: hash.digest('hex') };
  }

  /**
   * The bytes up to `size`, put into `hash` on the way. One buffer serves all chunks: each is valid
   * until the next is asked for.
   * @throws EventsFileReadError
   */
  async *chunks(hash: Hash): AsyncGenerator<Buffer, void> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = 0; position < this.size;) {
      const length = Math.min(CHUNK_BYTES, this.size - position);
      const chunk = buffer.subarray(0, await this.read({ buffer, length, position }));
      if (chunk.length === 0) return; // cut off meanwhile: the hash will differ
      hash.update(chunk);
      yield chunk;
      position += chunk.length;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async read(at: { buffer: Buffer; length: number; position: number }): Promise<number> {
    try {
      return (await this.handle.read(at)).bytesRead;
    } catch (error) {
      throw new EventsFileReadError((error as Error).message, { cause: error });
    }
  }
}
