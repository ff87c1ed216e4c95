import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, gzip } from 'node:zlib';
import type { Block } from '../blocks/block-cutter.js';
import { readExactly, syncDirectory, type LogFiles } from '../files/log-files.js';
import {
  ARCHIVE,
  archivePath,
  archiveSumsPath,
  segmentPath,
  sumsPath,
} from '../files/log-layout.js';
import { replaceOrRemove } from './retire-files.js';
import { ArchiveSource } from '../read/segment-source.js';
import { formatSums, NO_SUMS, readSums, type PackedBlock, type Sums } from '../blocks/sums-file.js';

const pack = promisify(gzip);

/** A sealed segment in the directory of a log. */
export interface SegmentToArchive {
  readonly directory: string;
  readonly first: number;
  readonly end: number;
}

/**
 * The checksums of a segment that is in order as far as that shows without reading it: as long as it should
 * be, sealed, each byte covered.
 * @throws when it is not: then nobody can prove what is in it, and it must stay.
 */
export async function readWholeSums(
  files: LogFiles,
  { directory, first, end }: SegmentToArchive,
): Promise<readonly Block[]> {
  const path = segmentPath(directory, first);
  const { size } = await files.stat(path);
  if (size !== end - first) {
    throw new Error(`${path} has ${size} bytes instead of ${end - first}`);
  }
  const blocks = coveringBlocks(await readSums(files, sumsPath(directory, first)), end - first);
  if (blocks !== null) return blocks;
  throw new Error(`the checksums of ${path} are not all there: npm run log -- repair`);
}

/** Null unless they are sealed and cover all of the segment. */
function coveringBlocks(sums: Sums | null, length: number): Sums['blocks'] | null {
  const { blocks, sealedLength, damagedLines } = sums ?? NO_SUMS;
  if (sealedLength !== length || damagedLines > 0) return null;
  let covered = 0;
  for (const { start, length: blockLength } of blocks) {
    if (start !== covered) return null;
    covered += blockLength;
  }
  return covered === length ? blocks : null;
}

/**
 * Writes the archive of a sealed segment, durably: a gzip member a block, and the checksums with the place of
 * each. Then reads it back and proves it. A block at a time, so that neither memory nor the event loop
 * notices. The segment stays as it is.
 * @throws when the segment or the archive does not match the checksums, and what the disk throws.
 */
export async function archiveSegment(
  files: LogFiles,
  segment: SegmentToArchive,
  stop: AbortSignal,
): Promise<void> {
  const { directory, first, end } = segment;
  const blocks = await readWholeSums(files, segment);
  await files.mkdir(join(directory, ARCHIVE));
  await syncDirectory(files, directory);
  const packed: PackedBlock[] = [];
  const members = packBlocks(files, { path: segmentPath(directory, first), blocks, packed, stop });
  await replaceOrRemove(files, archivePath(directory, first), members);
  const sums = formatSums(packed, end - first);
  await replaceOrRemove(files, archiveSumsPath(directory, first), [sums]);
  await proveArchive(files, { ...segment, blocks }, stop);
}

interface Packing {
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Filled with what is yielded. */
  readonly packed: PackedBlock[];
  readonly stop: AbortSignal;
}

async function* packBlocks(
  files: LogFiles,
  { path, blocks, packed, stop }: Packing,
): AsyncGenerator<Buffer> {
  const fd = await files.open(path, 'r');
  try {
    let place = 0;
    for (const block of blocks) {
      stop.throwIfAborted();
      const { start, length, crc } = block;
      const bytes = await readExactly(files, fd, { position: start, length });
      if (crc32(bytes) !== crc) throw damaged(path, block);
      const member = await pack(bytes);
      packed.push({ ...block, place, packed: member.length });
      place += member.length;
      yield member;
    }
  } finally {
    await files.close(fd);
  }
}

/** By the way that readers will take. */
async function proveArchive(
  files: LogFiles,
  { directory, first, end, blocks }: SegmentToArchive & { readonly blocks: readonly Block[] },
  stop: AbortSignal,
): Promise<void> {
  const path = archivePath(directory, first);
  const sums = coveringBlocks(
    await readSums(files, archiveSumsPath(directory, first)),
    end - first,
  );
  if (sums?.length !== blocks.length) throw new Error(`the checksums of ${path} were not kept`);
  const source = await ArchiveSource.open(files, { directory, first });
  try {
    for (const block of blocks) {
      stop.throwIfAborted();
      const bytes = await source.bytes(block.start, block.length);
      if (crc32(bytes) !== block.crc) throw damaged(path, block);
    }
  } finally {
    await source.close();
  }
}

const damaged = (path: string, { start, length }: Block): Error =>
  new Error(`bytes ${start} to ${start + length} of ${path} do not match their checksum`);
