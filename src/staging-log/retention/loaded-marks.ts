import { crc32 } from 'node:zlib';
import { syncDirectory, writeFully, type LogFiles } from '../files/log-files.js';
import { loadedPath } from '../files/log-layout.js';
import { unlinkIfThere } from './retire-files.js';
import { readWhole } from '../blocks/sums-file.js';

/** A segment with its end. */
export interface MarkedSegment {
  readonly first: number;
  readonly end: number;
}

/** A look reads and writes so many marks at least, and goes on with more for so long. */
const LOOK_MARKS = 64;
const LOOK_MS = 1_000;

const MARK = /^(\d{1,16}) (\d{1,16}) ([0-9a-f]{8})\n$/;

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/**
 * Since when segments are known to be loaded wholly: `<first>.loaded`, a line with the milliseconds since
 * 1970, the end of the segment, and the CRC-32 of both. A file that is damaged, of another length of the
 * segment, or from the future is written anew, with now: its segment is kept longer.
 */
export class LoadedMarks {
  private readonly known = new Map<number, number>();
  /** Segments that may have a file which is not known: nobody read it, or a call about it failed. */
  private readonly unread: Set<number>;

  /**
   * @param now in milliseconds since 1970, which no step of the wall clock changes meanwhile
   * @param there the segments that have a file, by its name
   */
  constructor(
    private readonly files: LogFiles,
    private readonly directory: string,
    private readonly now: () => number,
    there: Iterable<number>,
  ) {
    this.unread = new Set(there);
  }

  /** In milliseconds since 1970; null when the segment is not known to have a mark. */
  since(first: number): number | null {
    return this.known.get(first) ?? null;
  }

  /**
   * Gives segments that end before the checkpoint their marks, the oldest first, and takes them from the
   * others: one that a smaller checkpoint was told of begins anew. Those that a look has no time for get
   * theirs at a later one: kept longer. All are taken away at once, also while the log closes (an unlink
   * each, a second or some for 20,000): a mark that stayed might let its segment go too early.
   * @param segments sealed ones, in order
   * @param stop ends it between two marks; those before are kept
   */
  async follow(
    segments: Iterable<MarkedSegment>,
    checkpoint: number,
    stop: AbortSignal,
  ): Promise<void> {
    const [without, revoked]: [MarkedSegment[], number[]] = [[], []];
    for (const segment of segments) {
      const { first, end } = segment;
      const isKnown = this.known.has(first);
      if (end < checkpoint && !isKnown) without.push(segment);
      else if (end >= checkpoint && (isKnown || this.unread.has(first))) revoked.push(first);
    }
    await this.remove(revoked);
    await this.provide(without, stop);
  }

  /** The segment is retired, and its files are removed by whoever does that. */
  forget(first: number): void {
    this.known.delete(first);
    this.unread.delete(first);
  }

  /** Reads their marks, or writes them. What is written counts when the one sync at the end is done. */
  private async provide(segments: readonly MarkedSegment[], stop: AbortSignal): Promise<void> {
    const begin = this.now();
    const written = new Map<number, number>();
    try {
      for (const [at, segment] of segments.entries()) {
        stop.throwIfAborted();
        if (at >= LOOK_MARKS && this.now() - begin >= LOOK_MS) break;
        const { first } = segment;
        const since = this.unread.has(first) ? await this.read(segment) : null;
        if (since === null) written.set(first, await this.write(segment));
        else this.know(first, since);
      }
    } finally {
      if (written.size > 0) await syncDirectory(this.files, this.directory);
      for (const [first, since] of written) this.know(first, since);
    }
  }

  private know(first: number, since: number): void {
    this.known.set(first, since);
    this.unread.delete(first);
  }

  private async read({ first, end }: MarkedSegment): Promise<number | null> {
    const bytes = await readWhole(this.files, loadedPath(this.directory, first));
    const [, since = '', markedEnd = '', check] = MARK.exec(bytes?.toString('latin1') ?? '') ?? [];
    const isTrue = check === checkOf(`${since} ${markedEnd} `) && Number(markedEnd) === end;
    return isTrue && Number(since) <= this.now() ? Number(since) : null;
  }

  /** Its name is not durable yet. @returns the time in it */
  private async write({ first, end }: MarkedSegment): Promise<number> {
    const { files } = this;
    const path = loadedPath(this.directory, first);
    const since = Math.floor(this.now());
    const text = `${since} ${end} `;
    this.unread.add(first);
    const fd = await files.open(`${path}.new`, 'w');
    try {
      const bytes = Buffer.from(`${text}${checkOf(text)}\n`);
      await writeFully(files, fd, { position: 0, bytes });
      await files.fsync(fd);
    } finally {
      await files.close(fd);
    }
    await files.rename(`${path}.new`, path);
    return since;
  }

  private async remove(firsts: readonly number[]): Promise<void> {
    if (firsts.length === 0) return;
    for (const first of firsts) {
      this.known.delete(first);
      this.unread.add(first);
    }
    for (const first of firsts) await unlinkIfThere(this.files, loadedPath(this.directory, first));
    await syncDirectory(this.files, this.directory);
    for (const first of firsts) this.unread.delete(first);
  }
}
