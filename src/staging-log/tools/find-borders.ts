import type { LogAsItIs } from './open-log-reader.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { ArchiveSource, PlainSource, type SegmentSource } from '../read/segment-source.js';
import { toOffset, type Offset } from '../staging-log.port.js';
import { blockAt } from '../blocks/sums-file.js';

const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The record borders around an offset: the same one twice when it is one itself. */
export interface Borders {
  readonly before: Offset;
  readonly after: Offset;
}

/**
 * Where records begin nearest to an offset, whatever stands there. A damaged range counts as one record,
 * for nothing in it can be told. Beyond the log it is the log's own border.
 */
export async function findBorders(opened: LogAsItIs, offset: number): Promise<Borders> {
  const { log } = opened;
  const [start, end] = [log.startOffset(), log.endOffset()];
  if (offset <= start) return { before: start, after: start };
  if (offset >= end) return { before: end, after: end };
  for (let before = toOffset(await anchorBefore(opened, offset)); ;) {
    if (before === offset) return { before, after: before };
    const chunk = await log.read(before, RECORD_BYTES_MAX);
    if (chunk.kind === 'end') return { before, after: end };
    if (chunk.kind === 'records') {
      for (let lineEnd = 0; lineEnd < chunk.bytes.length;) {
        lineEnd = chunk.bytes.indexOf(NEWLINE, lineEnd) + 1;
        const after = chunk.offsetAt(lineEnd);
        if (after === offset) return { before: after, after };
        if (after > offset) return { before, after };
        before = after;
      }
    } else if (chunk.next > offset) {
      return { before, after: chunk.next };
    }
    before = chunk.next;
  }
}

/** Where a record begins, near before the offset. */
async function anchorBefore(
  { files, directory, view }: LogAsItIs,
  offset: number,
): Promise<number> {
  const entry = view.segments.findLast(({ first }) => first <= offset);
  if (entry === undefined) return view.start;
  const { first, archived } = entry;
  const place = { directory, first };
  let source: SegmentSource;
  try {
    source = archived
      ? await ArchiveSource.open(files, place)
      : await PlainSource.open(files, place, () => null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return first;
    throw error;
  }
  try {
    return first + (await anchorIn(source, offset - first));
  } finally {
    await source.close();
  }
}

async function anchorIn(source: SegmentSource, position: number): Promise<number> {
  const blocks = await source.blocksFrom(position);
  const block = blockAt(blocks, position);
  if (block !== undefined && block.start <= position) return block.start;
  const before = block === undefined ? blocks.at(-1) : blocks[blocks.indexOf(block) - 1];
  const gap = before === undefined ? 0 : before.start + before.length;
  const size = await source.size();
  for (let end = Math.min(position, size); end > gap;) {
    const from = Math.max(gap, end - WINDOW_BYTES);
    const newline = (await source.bytes(from, end - from)).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    end = from;
  }
  return gap;
}
