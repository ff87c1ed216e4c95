import { crc32 } from 'node:zlib';
import type { Block } from './block-cutter.js';
import { readExactly, type LogFiles } from '../files/log-files.js';

/** A block, and where it lies in an archive. */
export interface PackedBlock extends Block {
  readonly place: number;
  readonly packed: number;
}

/** What a `.sums` file tells. Lines that do not match their own checksum tell nothing. */
export interface Sums {
  /** In order, without overlaps; between them there may be bytes that no block covers. */
  readonly blocks: readonly (Block | PackedBlock)[];
  /** The length of the segment, once it is sealed. */
  readonly sealedLength: number | null;
  /** Lines that were damaged, or out of order. */
  readonly damagedLines: number;
}

export const NO_SUMS: Sums = { blocks: [], sealedLength: null, damagedLines: 0 };

const BLOCK_LINE = /^(\d{1,16}) (\d{1,16}) ([0-9a-f]{8})(?: (\d{1,16}) (\d{1,16}))? $/;
const SEALED_LINE = /^sealed (\d{1,16}) (\d{1,16}) $/;
const CHECK_DIGITS = 8;

const hex = (crc: number): string => crc.toString(16).padStart(CHECK_DIGITS, '0');

const checked = (text: string): string => `${text}${hex(crc32(text))}\n`;

export const blockLine = (block: Block | PackedBlock): string => {
  const place = 'place' in block ? `${block.place} ${block.packed} ` : '';
  return checked(`${block.start} ${block.length} ${hex(block.crc)} ${place}`);
};

export const sealedLine = (length: number, blocks: number): string =>
  checked(`sealed ${length} ${blocks} `);

/** The whole file of a sealed segment. */
export const formatSums = (blocks: readonly Block[], length: number): Buffer =>
  Buffer.from(`${blocks.map(blockLine).join('')}${sealedLine(length, blocks.length)}`);

export function parseSums(text: string): Sums {
  const blocks: (Block | PackedBlock)[] = [];
  let sealedLength: number | null = null;
  let damagedLines = 0;
  let end = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const body = line.slice(0, -CHECK_DIGITS);
    const block = parseBlock(BLOCK_LINE.exec(body));
    const sealed = SEALED_LINE.exec(body);
    if (line.slice(-CHECK_DIGITS) !== hex(crc32(body))) damagedLines += 1;
    else if (block !== null && block.start >= end && sealedLength === null) {
      blocks.push(block);
      end = block.start + block.length;
    } else if (sealed !== null && Number(sealed[1]) >= end) {
      sealedLength = Number(sealed[1]);
      if (Number(sealed[2]) !== blocks.length) damagedLines += 1;
    } else damagedLines += 1;
  }
  return { blocks, sealedLength, damagedLines };
}

function parseBlock(match: RegExpExecArray | null): Block | PackedBlock | null {
  if (match === null) return null;
  const [, start, length, crc = '', place, packed] = match;
  const block = { start: Number(start), length: Number(length), crc: parseInt(crc, 16) };
  return place === undefined ? block : { ...block, place: Number(place), packed: Number(packed) };
}

/** Null when there is no such file. */
export async function readSums(files: LogFiles, path: string): Promise<Sums | null> {
  const bytes = await readWhole(files, path);
  return bytes === null ? null : parseSums(bytes.toString('latin1'));
}

/** Of a small file. Null when there is none. */
export async function readWhole(files: LogFiles, path: string): Promise<Buffer | null> {
  let fd: number;
  try {
    fd = await files.open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = await files.fstat(fd);
    return await readExactly(files, fd, { position: 0, length: size });
  } finally {
    await files.close(fd);
  }
}

/** The block that holds this position; else the first one behind it, or undefined. */
export function blockAt<B extends Block>(blocks: readonly B[], position: number): B | undefined {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { start = 0, length = 0 } = blocks[middle] ?? {};
    if (start + length <= position) low = middle + 1;
    else high = middle;
  }
  return blocks[low];
}
