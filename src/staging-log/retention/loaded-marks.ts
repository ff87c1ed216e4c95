import { crc32 } from 'node:zlib';
import { replaceFile, syncDirectory, type LogFiles } from '../files/log-files.js';
import { loadedPath } from '../files/log-layout.js';
import { unlinkIfThere } from './retire-files.js';
import { readWhole } from '../blocks/sums-file.js';

/** A segment with its end. */
export interface MarkedSegment {
  readonly first: number;
  readonly end: number;
}

const MARK = /^(\d{1,16}) (\d{1,16}) ([0-9a-f]{8})\n$/;

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/**
 * Since when segments are known to be loaded wholly: `<first>.loaded`, a line with the milliseconds since
 * 1970, the end of the segment, and the CRC-32 of both. A file that is damaged, of another length of the
 * segment, or from the future is written anew, with now: its segment is kept longer.
 */
export class LoadedMarks {
  /** Null: there is no mark. */
  private readonly known = new Map<number, number | null>();

  /** @param now in milliseconds since 1970, which no step of the wall clock changes meanwhile */
  constructor(
    private readonly files: LogFiles,
    private readonly directory: string,
    private readonly now: () => number,
  ) {}

  /** In milliseconds since 1970; null when the segment has no mark. */
  since(first: number): number | null {
    return this.known.get(first) ?? null;
  }

  /**
   * Gives the segments that end before the checkpoint their marks, and takes them from the others: one that
   * a smaller checkpoint was told of begins anew. @param segments sealed ones
   */
  async follow(segments: readonly MarkedSegment[], checkpoint: number): Promise<void> {
    for (const segment of segments) {
      const { first, end } = segment;
      if (!this.known.has(first)) this.known.set(first, await this.read(segment));
      const isMarked = this.since(first) !== null;
      if (end < checkpoint && !isMarked) await this.write(segment);
      else if (end >= checkpoint && isMarked) await this.remove(first);
    }
  }

  /** The segment is retired, and its files are removed by whoever does that. */
  forget(first: number): void {
    this.known.delete(first);
  }

  private async read({ first, end }: MarkedSegment): Promise<number | null> {
    const bytes = await readWhole(this.files, loadedPath(this.directory, first));
    const [, since = '', markedEnd = '', check] = MARK.exec(bytes?.toString('latin1') ?? '') ?? [];
    const isTrue = check === checkOf(`${since} ${markedEnd} `) && Number(markedEnd) === end;
    return isTrue && Number(since) <= this.now() ? Number(since) : null;
  }

  private async write({ first, end }: MarkedSegment): Promise<void> {
    const since = Math.floor(this.now());
    const text = `${since} ${end} `;
    const line = Buffer.from(`${text}${checkOf(text)}\n`);
    await replaceFile(this.files, loadedPath(this.directory, first), [line]);
    this.known.set(first, since);
  }

  private async remove(first: number): Promise<void> {
    await unlinkIfThere(this.files, loadedPath(this.directory, first));
    await syncDirectory(this.files, this.directory);
    this.known.set(first, null);
  }
}
