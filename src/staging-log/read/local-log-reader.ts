import { findExtent } from './find-extent.js';
import { fingerprintEndingAt } from './fingerprint.js';
import type { LogFiles } from '../files/log-files.js';
import { archivePath, segmentPath, type SegmentEntry } from '../files/log-layout.js';
import type { LogView } from './log-view.js';
import { readSegment, type SegmentPiece } from './read-segment.js';
import { SegmentCache } from './segment-cache.js';
import type { SegmentSource } from './segment-source.js';
import {
  StagingLogReader,
  toOffset,
  type LogChunk,
  type LogComparison,
  type LogExtent,
  type Offset,
} from '../staging-log.port.js';

const LOOKS_MAX = 10;
const TIMESTAMP = /^\{"timestamp":(\d{1,16})[,}]/;

/** A segment, and where it ends by right. `entry` is null where no segment is. */
interface Place {
  readonly entry: SegmentEntry | null;
  readonly first: number;
  readonly end: number;
}

/** Reads a log of local segments, up to an end that somebody else vouches for. */
export class LocalLogReader extends StagingLogReader {
  private readonly cache: SegmentCache;

  constructor(
    files: LogFiles,
    private readonly view: LogView,
  ) {
    super();
    this.cache = new SegmentCache(files, view);
  }

  get identity(): string {
    return this.view.identity;
  }

  endOffset(): Offset {
    return toOffset(this.view.end);
  }

  startOffset(): Offset {
    return toOffset(this.view.start);
  }

  /** @param into see `SegmentRange`. */
  async read(from: Offset, bytesMax: number, into?: Buffer): Promise<LogChunk> {
    if (from >= this.view.end) return { kind: 'end' };
    return this.lookUntilSure(
      from,
      () => this.readOnce(from, bytesMax, into),
      (chunk) => chunk.kind === 'damaged' && chunk.code === 'BLOCK_MISSING',
    );
  }

  async extentAt(from: Offset, bytesMax: number): Promise<LogExtent | null> {
    if (from >= this.view.end || from < this.view.start) return null;
    const { entry, first, end } = this.placeOf(from);
    if (entry === null || entry.archived) return null;
    const position = from - first;
    const blocks = await this.cache.use(entry, (source) => source.blocksFrom(position));
    const path = segmentPath(this.view.directory, first);
    return findExtent(blocks ?? [], { path, first, position, limit: end - first, bytesMax });
  }

  async fingerprintBefore(offset: Offset): Promise<string> {
    if (offset > this.view.end) throw new RangeError(`the log ends before ${offset}`);
    for (let end: number = offset; ;) {
      const found = await this.recordBefore(end);
      const stuck = found.kind === 'damaged' && found.start >= end; // nothing is before the start
      if (found.kind === 'none' || stuck) throw new Error(`no record ends at offset ${end}`);
      if (found.kind === 'fingerprint') {
        return end === offset ? found.fingerprint : `${found.fingerprint}@${end}`;
      }
      end = found.start;
    }
  }

  async compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    if (offset > this.view.end) return 'beyond-end';
    const [expected, at = offset] = fingerprint.split('@');
    const end = Number(at);
    const isTrimmed = (): boolean => end > 0 && end <= this.view.start;
    if (isTrimmed()) return 'trimmed';
    const found = await this.recordBefore(end);
    // Beside the log's owner, who may have deleted it just now.
    if (found.kind === 'damaged') return isTrimmed() ? 'trimmed' : 'damaged';
    return found.kind === 'fingerprint' && found.fingerprint === expected ? 'same' : 'different';
  }

  async timestampAt(offset: Offset): Promise<number | null> {
    const chunk = await this.read(offset, 1);
    if (chunk.kind !== 'records') return null;
    const match = TIMESTAMP.exec(chunk.bytes.toString('latin1', 0, 32));
    return match === null ? null : Number(match[1]);
  }

  /**
   * Opens the last segment before it is needed, so that it can be read whatever becomes of its name.
   * @throws when that is not possible.
   */
  async holdLast(): Promise<void> {
    const last = this.view.segments.at(-1);
    if (last !== undefined) await this.cache.prepare(last);
  }

  /** A segment is retired: what reads it now goes on, and nobody will come again. */
  forget(entry: SegmentEntry): void {
    this.cache.forget(entry);
  }

  async close(): Promise<void> {
    await this.cache.close();
  }

  private async readOnce(from: Offset, bytesMax: number, into?: Buffer): Promise<LogChunk> {
    if (from < this.view.start) {
      throw new RangeError(`the log begins at ${this.view.start}, ${from} cannot be read`);
    }
    const place = this.placeOf(from);
    const limit = place.end - place.first;
    const position = from - place.first;
    const piece = await this.use(place, (source) =>
      readSegment(source, { position, limit, bytesMax, into }),
    );
    return this.chunk(from, place, piece ?? missing(limit - position));
  }

  /** The record that ends at an offset, which is looked at anew when its bytes are not there. */
  private async recordBefore(end: number): ReturnType<typeof fingerprintEndingAt> {
    if (end === 0) return { kind: 'fingerprint', fingerprint: '' };
    const look = async (): ReturnType<typeof fingerprintEndingAt> => {
      const { first, ...place } = this.placeOf(end - 1);
      const found = await this.use({ first, ...place }, (source) =>
        fingerprintEndingAt(source, end - first),
      );
      if (found === null) return { kind: 'damaged', start: first };
      return found.kind === 'damaged' ? { ...found, start: first + found.start } : found;
    };
    return this.lookUntilSure(end - 1, look, (found) => found.kind === 'damaged');
  }

  /**
   * That bytes are not there is believed only when a second look says so, and the view does after it: the log's
   * owner may begin, pack or delete segments meanwhile, and a directory may be away for a moment.
   */
  private async lookUntilSure<T>(
    offset: number,
    look: () => Promise<T>,
    isMissing: (found: T) => boolean,
  ): Promise<T> {
    for (let looks = 1; looks <= LOOKS_MAX; looks++) {
      const { entry } = this.placeOf(offset);
      const found = await look();
      if (!isMissing(found)) return found;
      await this.view.refresh(entry);
      const now = this.placeOf(offset).entry;
      const isSame = now?.first === entry?.first && now?.archived === entry?.archived;
      if (isSame && looks > 1) return found;
    }
    throw new Error(`the segments at offset ${offset} change faster than they can be read`);
  }

  private use<T>(place: Place, work: (source: SegmentSource) => Promise<T>): Promise<T | null> {
    if (place.entry === null) return Promise.resolve(null);
    return this.cache.use(place.entry, work);
  }

  private placeOf(offset: number): Place {
    const { segments, end, start } = this.view;
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((segments[middle]?.first ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const next = Math.min(segments[low]?.first ?? end, end);
    const entry = segments[low - 1];
    return { entry: entry ?? null, first: entry?.first ?? start, end: next };
  }

  private chunk(from: Offset, place: Place, piece: SegmentPiece): LogChunk {
    if (piece.kind === 'records') {
      const { bytes } = piece;
      const offsetAt = (position: number): Offset => toOffset(from + position);
      return { kind: 'records', bytes, next: offsetAt(bytes.length), offsetAt };
    }
    const { head } = piece;
    const next = toOffset(from + piece.length);
    if (piece.kind === 'oversized') return { kind: 'oversized', offset: from, next, head };
    const { code } = piece;
    const message = this.describe(from, next, { place, code });
    return { kind: 'damaged', offset: from, next, code, message, head };
  }

  private describe(
    from: number,
    next: number,
    { place, code }: { readonly place: Place; readonly code: string },
  ): string {
    const { first } = place;
    const { directory } = this.view;
    const archived = place.entry?.archived === true;
    const path = archived ? archivePath(directory, first) : segmentPath(directory, first);
    // Of a segment that is gone with its name, nobody knows where it began.
    const what =
      code === 'BLOCK_MISSING'
        ? `offsets ${from} to ${next}, of ${path} or of a segment behind it, are missing`
        : `bytes ${from - first} to ${next - first} of ${path} do not match their checksum`;
    return `${what}; restore the file from a backup, then: npm run log -- reload --from ${from} --to ${next}`;
  }
}

const missing = (length: number): SegmentPiece => ({
  kind: 'damaged',
  code: 'BLOCK_MISSING',
  length,
  head: Buffer.alloc(0),
});
