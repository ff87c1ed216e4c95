import { cutBlocks, emptyBlock, extend, type Block } from './block-cutter.js';
import { readExactly, type LogFiles } from '../files/log-files.js';

const WINDOW_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** The blocks of a segment, and the one behind the last that is not full yet. */
export interface CoveredSegment {
  readonly blocks: Block[];
  readonly open: Block;
}

/**
 * Makes checksums for whatever of a segment has none, up to its last record end before `length`. What is
 * known stays as it is, whether the bytes match or not.
 */
export async function coverBlocks(
  files: LogFiles,
  fd: number,
  { known, length }: { readonly known: readonly Block[]; readonly length: number },
): Promise<CoveredSegment> {
  const blocks: Block[] = [];
  for (const block of known) {
    const end = blocks.at(-1);
    const from = end === undefined ? 0 : end.start + end.length;
    const gap = await coverGap(files, fd, { from, to: Math.min(block.start, length) });
    blocks.push(...gap.blocks);
    if (gap.open.length > 0) blocks.push(gap.open);
    blocks.push(block);
  }
  const last = blocks.at(-1);
  const from = last === undefined ? 0 : last.start + last.length;
  const { blocks: more, open } = await coverGap(files, fd, { from, to: length });
  return { blocks: blocks.concat(more), open };
}

async function coverGap(
  files: LogFiles,
  fd: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<CoveredSegment> {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  const blocks: Block[] = [];
  let open = emptyBlock(from);
  for (let at = from; at < to;) {
    const range = { position: at, length: Math.min(WINDOW_BYTES, to - at), into: window };
    const bytes = await readExactly(files, fd, range);
    const recordsEnd = bytes.lastIndexOf(NEWLINE) + 1;
    const cut = recordsEnd > 0 ? cutBlocks(open, bytes.subarray(0, recordsEnd)) : null;
    if (cut === null) {
      if (open.length > 0) blocks.push(open);
      const line = await coverLine(files, fd, { from: at, to });
      if (line === null) return { blocks, open: emptyBlock(at) };
      blocks.push(line);
      open = emptyBlock(at + line.length);
      at += line.length;
    } else {
      blocks.push(...cut.blocks);
      open = cut.open;
      at += recordsEnd;
    }
  }
  return { blocks, open };
}

/** One line that is longer than the window; null when it does not end. */
async function coverLine(
  files: LogFiles,
  fd: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Block | null> {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let block = emptyBlock(from);
  for (let at = from; at < to; at += WINDOW_BYTES) {
    const range = { position: at, length: Math.min(WINDOW_BYTES, to - at), into: window };
    const bytes = await readExactly(files, fd, range);
    const lineEnd = bytes.indexOf(NEWLINE) + 1;
    block = extend(block, lineEnd > 0 ? bytes.subarray(0, lineEnd) : bytes);
    if (lineEnd > 0) return block;
  }
  return null;
}
