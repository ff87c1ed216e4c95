import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { DedupeBounds, DedupeIndex } from './dedupe-index.js';
import { ENTRY_BYTES } from './id-ring.js';
import { readExactly, replaceFile, type LogFiles } from '../files/log-files.js';
import { markOfKey } from './log-key.js';

/** What a segment's `.ids` tells beside the ids. */
export interface IdFileFacts {
  /** The offset of the segment, and its length in bytes. */
  readonly first: number;
  readonly length: number;
  /** Log time from the end of the segment before to its own. */
  readonly seconds: number;
  /**
   * The wall clock at its end, in milliseconds: log time goes on from there. The timestamp of its last
   * record, or what the clock said when it took no more; 0 when nothing is known.
   */
  readonly lastTimestamp: number;
}

export interface IdFileHeader extends IdFileFacts {
  readonly count: number;
}

/** Which ids are written: those between two positions of the index that are still there. */
export interface IdFileSource {
  readonly index: DedupeIndex;
  readonly from: number;
  readonly to: number;
  /** Log time at the beginning of the segment, by the clock of the index. */
  readonly startSeconds: number;
  readonly facts: IdFileFacts;
  /** Those of the index. */
  readonly bounds: DedupeBounds;
}

/** What a file must be for its ids to be taken. */
export interface IdFileExpected {
  readonly first: number;
  readonly length: number;
  readonly key: Buffer;
  readonly bounds: DedupeBounds;
}

/**
 * - usable: its ids can be loaded, and are proved then
 * - outdated: its ids cannot be used, made with another key or under narrower bounds; the header is true
 * - missing
 * - damaged: or unreadable, or of another segment
 */
export type IdFileState =
  | { readonly kind: 'usable'; readonly header: IdFileHeader }
  | { readonly kind: 'outdated'; readonly header: IdFileHeader; readonly reason: string }
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string };

const MAGIC = 'RETLIDS1';
const HEADER_BYTES = 64;
const TRAILER_BYTES = 8;
const ENTRIES_PER_PIECE = 16_384;
/** Where the fields of the header are; docs/staging-log.md tells them. */
const FIRST = 8;
const LENGTH = 16;
const KEY_MARK = 24;
const SECONDS = 32;
const LAST_TIMESTAMP = 40;
const WINDOW_SECONDS = 48;
const IDS_MAX = 52;
const HEADER_CRC = 56;

/** Entries lie in the file as they do in memory. Swapping them is not worth it: nobody has such a machine. */
const isLittleEndian = endianness() === 'LE';

/**
 * Writes an `.ids`, durably. The index may go on meanwhile: what leaves it before its piece is written
 * is out of the window, and is not in the file.
 * @throws the error of the system; an older file is there as before then.
 */
export async function writeIdFile(
  files: LogFiles,
  path: string,
  source: IdFileSource,
): Promise<void> {
  if (!isLittleEndian) throw new Error('ids are kept in files on little-endian machines only');
  await replaceFile(files, path, piecesOf(source));
}

/** Each piece is good until the next one is asked for. */
function* piecesOf({ index, from, to, startSeconds, ...rest }: IdFileSource): Generator<Buffer> {
  const header = encodeHeader(rest.facts, rest.bounds, index.key);
  let crc = crc32(header);
  yield header;
  let count = 0;
  const entries = Math.max(1, Math.min(ENTRIES_PER_PIECE, to - from));
  const into = new Uint32Array((entries * ENTRY_BYTES) / 4);
  for (let position = from; ;) {
    const { bytes, next } = index.copyEntries({ from: position, to, into }, startSeconds);
    if (bytes.length === 0) break;
    crc = crc32(bytes, crc);
    yield bytes;
    count += bytes.length / ENTRY_BYTES;
    position = next;
  }
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(count, 0);
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 4), crc), 4);
  yield trailer;
}

function encodeHeader(facts: IdFileFacts, bounds: DedupeBounds, key: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeDoubleLE(facts.first, FIRST);
  header.writeDoubleLE(facts.length, LENGTH);
  markOfKey(key).copy(header, KEY_MARK);
  header.writeDoubleLE(facts.seconds, SECONDS);
  header.writeDoubleLE(facts.lastTimestamp, LAST_TIMESTAMP);
  header.writeUInt32LE(bounds.windowSeconds, WINDOW_SECONDS);
  header.writeUInt32LE(bounds.idsMax, IDS_MAX);
  header.writeUInt32LE(crc32(header.subarray(0, HEADER_CRC)), HEADER_CRC);
  return header;
}

/**
 * Looks at the two ends of an `.ids`. The header has a checksum of its own, so what it tells can be
 * relied on before the ids are read.
 */
export async function readIdFileHeader(
  files: LogFiles,
  path: string,
  expected: IdFileExpected,
): Promise<IdFileState> {
  if (!isLittleEndian) return { kind: 'damaged', reason: 'this machine is not little-endian' };
  try {
    return await withFile(files, path, async (fd) => {
      const { size } = await files.fstat(fd);
      const count = (size - HEADER_BYTES - TRAILER_BYTES) / ENTRY_BYTES;
      if (!Number.isInteger(count) || count < 0) throw new Error(`a length of ${size} bytes`);
      const header = await readExactly(files, fd, { position: 0, length: HEADER_BYTES });
      const position = size - TRAILER_BYTES;
      const trailer = await readExactly(files, fd, { position, length: TRAILER_BYTES });
      if (trailer.readUInt32LE(0) !== count) throw new Error('not as many ids as it tells');
      return judgeHeader(header, count, expected);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: code === 'ENOENT' ? 'missing' : 'damaged', reason: message };
  }
}

function judgeHeader(bytes: Buffer, count: number, expected: IdFileExpected): IdFileState {
  const isWhole = crc32(bytes.subarray(0, HEADER_CRC)) === bytes.readUInt32LE(HEADER_CRC);
  if (!isWhole || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    return { kind: 'damaged', reason: 'the header does not match its checksum' };
  }
  const header = {
    first: bytes.readDoubleLE(FIRST),
    length: bytes.readDoubleLE(LENGTH),
    seconds: bytes.readDoubleLE(SECONDS),
    lastTimestamp: bytes.readDoubleLE(LAST_TIMESTAMP),
    count,
  };
  if (header.first !== expected.first || header.length !== expected.length) {
    return { kind: 'damaged', reason: `of the segment ${header.first}, ${header.length} bytes` };
  }
  const mark = bytes.subarray(KEY_MARK, SECONDS);
  if (!mark.equals(markOfKey(expected.key))) {
    return { kind: 'outdated', header, reason: 'made with another key' };
  }
  const { windowSeconds, idsMax } = expected.bounds;
  if (bytes.readUInt32LE(WINDOW_SECONDS) < windowSeconds || bytes.readUInt32LE(IDS_MAX) < idsMax) {
    return { kind: 'outdated', header, reason: 'made under narrower bounds' };
  }
  return { kind: 'usable', header };
}

/**
 * Loads the ids of a usable file: straight into the memory of the index, where they count only once all
 * of the file is proved by its checksum.
 * @returns null, or why the file is damaged; then the index is as it was.
 */
export async function loadIdFile(
  files: LogFiles,
  path: string,
  into: {
    readonly index: DedupeIndex;
    readonly header: IdFileHeader;
    readonly startSeconds: number;
    readonly idsMax: number;
  },
): Promise<string | null> {
  const { index, header, startSeconds, idsMax } = into;
  const skipped = Math.max(0, header.count - idsMax);
  try {
    await withFile(files, path, async (fd) => {
      const end = HEADER_BYTES + header.count * ENTRY_BYTES;
      let crc = crc32(await readExactly(files, fd, { position: 0, length: HEADER_BYTES }));
      for (let done = 0; done < header.count;) {
        // What is skipped goes where the next piece comes.
        const ahead = Math.max(0, done - skipped);
        const room = index.room(ahead, (done < skipped ? skipped : header.count) - done);
        const position = HEADER_BYTES + done * ENTRY_BYTES;
        await readExactly(files, fd, { position, length: room.length, into: room });
        crc = crc32(room, crc);
        done += room.length / ENTRY_BYTES;
      }
      const trailer = await readExactly(files, fd, { position: end, length: TRAILER_BYTES });
      crc = crc32(trailer.subarray(0, 4), crc);
      if (crc !== trailer.readUInt32LE(4)) throw new Error('it does not match its checksum');
    });
  } catch (error) {
    return (error as Error).message;
  }
  index.admit(header.count - skipped, startSeconds);
  return null;
}

async function withFile<T>(
  files: LogFiles,
  path: string,
  use: (fd: number) => Promise<T>,
): Promise<T> {
  const fd = await files.open(path, 'r');
  try {
    return await use(fd);
  } finally {
    await files.close(fd);
  }
}
