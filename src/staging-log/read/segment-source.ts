import { promisify } from 'node:util';
import { crc32, gunzip } from 'node:zlib';
import { readExactly, type LogFiles } from '../files/log-files.js';
import { archivePath, archiveSumsPath, segmentPath, sumsPath } from '../files/log-layout.js';
import { blockAt, NO_SUMS, readSums, type PackedBlock, type Sums } from '../blocks/sums-file.js';
import type { Block } from '../blocks/block-cutter.js';

const unzip = promisify(gunzip);

/** The bytes of one segment, and the checksums that there are of them. Positions are in the segment. */
export interface SegmentSource {
  /** How many bytes there are, whatever there should be. */
  size(): Promise<number>;
  /** All that are known, in order; surely those that are known of `position`. */
  blocksFrom(position: number): Promise<readonly Block[]>;
  /** Exactly these bytes. Into a buffer of at least that length if given and of use. */
  bytes(position: number, length: number, into?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** A segment as it was appended. */
export class PlainSource implements SegmentSource {
  private sums: Sums | null = null;

  private constructor(
    private readonly files: LogFiles,
    private readonly fd: number,
    private readonly place: { readonly directory: string; readonly first: number },
    private readonly live: () => readonly Block[] | null,
  ) {}

  /** @param live blocks that are known here and not on disk yet, as long as they are not. */
  static async open(
    files: LogFiles,
    place: { readonly directory: string; readonly first: number },
    live: () => readonly Block[] | null,
  ): Promise<PlainSource> {
    const fd = await files.open(segmentPath(place.directory, place.first), 'r');
    return new PlainSource(files, fd, place, live);
  }

  private get path(): string {
    return segmentPath(this.place.directory, this.place.first);
  }

  async size(): Promise<number> {
    return (await this.files.fstat(this.fd)).size;
  }

  async blocksFrom(position: number): Promise<readonly Block[]> {
    const live = this.live();
    if (live !== null) return live;
    const known = this.sums;
    const last = known?.blocks.at(-1);
    const grows =
      known?.sealedLength === null && position >= (last?.start ?? 0) + (last?.length ?? 0);
    if (known === null || grows) this.sums = (await this.readSums()) ?? NO_SUMS;
    return this.sums?.blocks ?? [];
  }

  async bytes(position: number, length: number, into?: Buffer): Promise<Buffer> {
    const range = into === undefined ? { position, length } : { position, length, into };
    try {
      return await readExactly(this.files, this.fd, range);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const where = `bytes ${position} to ${position + length} of ${this.path}`;
      const told = new Error(`${where} cannot be read: ${String(error)}`, { cause: error });
      throw Object.assign(told, { code });
    }
  }

  close(): Promise<void> {
    return this.files.close(this.fd);
  }

  private readSums(): Promise<Sums | null> {
    return readSums(this.files, sumsPath(this.place.directory, this.place.first));
  }
}

/** A segment in the archive: a gzip member a block. Without its `.sums` nothing can be found in it. */
export class ArchiveSource implements SegmentSource {
  private constructor(
    private readonly files: LogFiles,
    private readonly fd: number,
    private readonly blocks: readonly PackedBlock[],
  ) {}

  static async open(
    files: LogFiles,
    { directory, first }: { readonly directory: string; readonly first: number },
  ): Promise<ArchiveSource> {
    const sums = (await readSums(files, archiveSumsPath(directory, first))) ?? NO_SUMS;
    const packed = sums.blocks.filter((block): block is PackedBlock => 'place' in block);
    return new ArchiveSource(files, await files.open(archivePath(directory, first), 'r'), packed);
  }

  size(): Promise<number> {
    const last = this.blocks.at(-1);
    return Promise.resolve(last === undefined ? 0 : last.start + last.length);
  }

  blocksFrom(): Promise<readonly Block[]> {
    return Promise.resolve(this.blocks);
  }

  async bytes(position: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let at = position; at < position + length;) {
      const block = blockAt(this.blocks, at);
      if (block === undefined || block.start > at) throw new Error(`nothing is archived at ${at}`);
      const plain = await this.block(block);
      const part = plain.subarray(at - block.start, position + length - block.start);
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  close(): Promise<void> {
    return this.files.close(this.fd);
  }

  /** Of a damaged one, bytes that its checksum does not match. */
  private async block({ place, packed, length, crc }: PackedBlock): Promise<Buffer> {
    const { size } = await this.files.fstat(this.fd);
    if (place + packed > size) return mismatch(length, crc);
    const bytes = await readExactly(this.files, this.fd, { position: place, length: packed });
    const plain = await unzip(bytes, { maxOutputLength: length }).catch(() => null);
    return plain?.length === length ? plain : mismatch(length, crc);
  }
}

/** Bytes of that length with another checksum. */
function mismatch(length: number, crc: number): Buffer {
  const zeros = Buffer.alloc(length);
  return crc32(zeros) === crc ? Buffer.alloc(length, 1) : zeros;
}
