import { crc32 } from 'node:zlib';
import type { Histogram } from '../../shared/histogram.js';
import { cutBlocks, emptyBlock, type Block } from '../blocks/block-cutter.js';
import { coverBlocks } from '../blocks/cover-blocks.js';
import {
  isSameFile,
  readExactly,
  syncDirectory,
  writeFully,
  type FileState,
  type LogFiles,
} from '../files/log-files.js';
import { segmentPath, sumsPath } from '../files/log-layout.js';
import { SumsWriter } from '../blocks/sums-writer.js';
import { cutTornTail, type TornTail } from './torn-tail.js';

/** The segment is shorter than what was acknowledged: something outside this process cut it. */
export class SegmentShortenedError extends Error {
  readonly code = 'SEGMENT_SHORTENED';
}

/** Another file has the segment's name: something outside this process put it there. */
export class SegmentReplacedError extends Error {
  readonly code = 'SEGMENT_REPLACED';
}

/** Where a segment is, and who is told of its troubles. */
export interface SegmentPlace {
  readonly files: LogFiles;
  readonly directory: string;
  readonly first: number;
  readonly report: (level: 'warn' | 'error', message: string) => void;
  /** Gets the seconds that each sync of an append takes. */
  readonly syncSeconds?: Histogram;
}

interface OpenedFile {
  readonly fd: number;
  readonly blocks: Block[];
  readonly open: Block;
  /** What opening had to cut off, for the log to report. */
  readonly tornTail: TornTail | null;
}

/**
 * The one segment that is appended to. `end` is the end of what is durable: it moves only after
 * fdatasync, and whatever a failed append left behind it is cut off by `heal`.
 */
export class ActiveSegment {
  readonly path: string;
  readonly tornTail: TornTail | null;
  private readonly knownBlocks: Block[];
  private readonly sums: SumsWriter;
  private fd: number;
  private open: Block;
  private spoilt = false;

  private constructor(
    private readonly place: SegmentPlace,
    private readonly file: FileState,
    opened: OpenedFile,
  ) {
    this.path = segmentPath(place.directory, place.first);
    ({ fd: this.fd, blocks: this.knownBlocks, open: this.open, tornTail: this.tornTail } = opened);
    const path = sumsPath(place.directory, place.first);
    this.sums = new SumsWriter(place.files, path, this.knownBlocks, place.report);
    this.sums.follow();
  }

  /** Begins a segment: its name is durable before anything is written to it. */
  static async create(place: SegmentPlace): Promise<ActiveSegment> {
    const { files, directory, first } = place;
    const path = segmentPath(directory, first);
    await removeEmptyLeftover(files, path);
    const fd = await files.open(path, 'wx+');
    try {
      await syncDirectory(files, directory);
      const file = await files.fstat(fd);
      return new ActiveSegment(place, file, {
        fd,
        blocks: [],
        open: emptyBlock(0),
        tornTail: null,
      });
    } catch (error) {
      await files.close(fd).catch(() => undefined);
      await files.unlink(path).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Goes on with a segment. A tail without its line end is cut off, and all that stays is synced before
   * `end` tells of it: it may have been written, but not synced, by a process that was killed.
   * @param known the blocks whose checksums are there; all of them lie within the file.
   */
  static async open(place: SegmentPlace, known: readonly Block[]): Promise<ActiveSegment> {
    const { files, directory, first } = place;
    // Not `a`: with O_APPEND Linux ignores the position, and a short write could not be finished.
    const fd = await files.open(segmentPath(directory, first), 'r+');
    try {
      const last = known.at(-1) ?? emptyBlock(0);
      const covered = last.start + last.length;
      const tornTail = await cutTornTail(files, fd, { directory, first, covered });
      await files.fsync(fd);
      await syncDirectory(files, directory);
      const file = await files.fstat(fd);
      const blocks = await coverBlocks(files, fd, { known, length: file.size });
      return new ActiveSegment(place, file, { fd, ...blocks, tornTail });
    } catch (error) {
      await files.close(fd).catch(() => undefined);
      throw error;
    }
  }

  get first(): number {
    return this.place.first;
  }

  get length(): number {
    return this.open.start + this.open.length;
  }

  get end(): number {
    return this.first + this.length;
  }

  /** Those that are full. Behind them is what no checksum covers yet. */
  get blocks(): readonly Block[] {
    return this.knownBlocks;
  }

  /** Whether the open block lost bytes that were acknowledged: nothing must be appended to it. */
  get isSpoilt(): boolean {
    return this.spoilt;
  }

  /** Resolves when the bytes are durable. Rejects otherwise; then only `heal` may follow. */
  async append(bytes: Buffer): Promise<void> {
    const { files, syncSeconds } = this.place;
    await writeFully(files, this.fd, { position: this.length, bytes });
    const begun = performance.now();
    const synced = files.fdatasync(this.fd);
    const { blocks, open } = cutBlocks(this.open, bytes); // while the disk is at work
    await synced;
    syncSeconds?.observe((performance.now() - begun) / 1000);
    this.open = open;
    if (blocks.length === 0) return;
    this.knownBlocks.push(...blocks);
    this.sums.follow();
  }

  /**
   * After a failed append: opens the file anew (after a failed sync the old descriptor cannot be
   * trusted), cuts it back to the last acknowledged byte, syncs that, and proves its open block. One
   * that was acknowledged with other bytes is closed with the checksum that it should have, so that reading
   * finds the damage. Rejects while the disk does not allow it.
   * @throws SegmentReplacedError when the path leads to another file, SegmentShortenedError when
   * acknowledged bytes are gone; nothing is touched then.
   */
  async heal(): Promise<void> {
    const { files, report } = this.place;
    const fresh = await files.open(this.path, 'r+');
    let isLost: boolean;
    try {
      this.assertIntact(await files.fstat(fresh), this.length);
      await files.truncate(fresh, this.length);
      await files.fsync(fresh);
      const { start, length, crc } = this.open;
      const tail = await readExactly(files, fresh, { position: start, length });
      isLost = crc32(tail) !== crc;
    } catch (error) {
      await files.close(fresh).catch(() => undefined);
      throw error;
    }
    const stale = this.fd;
    this.fd = fresh;
    await files.close(stale).catch(() => undefined);
    if (!isLost) return;
    this.spoilt = true; // for good: healing again before the next segment is there changes nothing
    const { start, length } = this.cut();
    const where = `bytes ${start} to ${start + length} of ${this.path}`;
    report('error', `${where} are not what was acknowledged: the disk lost them`);
  }

  /** Completes the side file and closes; no append may be under way, and none may follow. */
  async close(): Promise<void> {
    this.cut();
    await this.sums.finish();
    await this.place.files.close(this.fd);
  }

  /** After `close`: completes the side file durably. May be tried again when it rejects. */
  async seal(): Promise<void> {
    await this.sums.seal(this.length);
  }

  /**
   * Looks whether the path still leads to the file that is appended to, with all that was acknowledged.
   * Nothing else would tell: a file that was moved or deleted takes appends as before.
   * @throws SegmentReplacedError, SegmentShortenedError, or that of the system when there is no file.
   */
  async assertInPlace(): Promise<void> {
    const { length } = this; // from before the look: a commit in flight makes it longer
    this.assertIntact(await this.place.files.stat(this.path), length);
  }

  /** Closes the open block, if there is anything in it. */
  private cut(): Block {
    const block = this.open;
    if (block.length > 0) this.knownBlocks.push(block);
    this.open = emptyBlock(block.start + block.length);
    return block;
  }

  private assertIntact(found: FileState, length: number): void {
    if (!isSameFile(found, this.file)) {
      throw new SegmentReplacedError(`another file is at ${this.path}`);
    }
    if (found.size < length) {
      const message = `${this.path} has ${found.size} bytes, but ${length} were acknowledged`;
      throw new SegmentShortenedError(message);
    }
  }
}

/** Of a rotation that failed. Made anew, because a failed sync of its name is not made good by another. */
async function removeEmptyLeftover(files: LogFiles, path: string): Promise<void> {
  const found = await files.stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return;
  if (found.size > 0) throw new SegmentReplacedError(`another file is at ${path}`);
  await files.unlink(path);
}
