import type { LogAsItIs } from './open-log-reader.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { ArchiveSource, PlainSource } from '../read/segment-source.js';
import type { DamagedChunk, Offset } from '../staging-log.port.js';

/**
 * The bytes of a range of the log, in order, as they stand there: all that can be read. What is damaged is
 * left out and told. A piece is the reader's own.
 * @param range from one record border to another
 */
export async function* readRange(
  opened: LogAsItIs,
  { from, to }: { readonly from: Offset; readonly to: Offset },
  onDamage: (damaged: DamagedChunk) => void,
): AsyncGenerator<Buffer> {
  for (let offset = from; offset < to;) {
    const chunk = await opened.log.read(offset, Math.min(RECORD_BYTES_MAX, to - offset));
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') yield chunk.bytes.subarray(0, to - offset);
    else if (chunk.kind === 'oversized') yield* readLongLine(opened, offset, chunk.next);
    else onDamage({ ...chunk, next: chunk.next > to ? to : chunk.next });
    offset = chunk.next;
  }
}

/** A line that no record can be, which the log gives the head of only. */
async function* readLongLine(
  { files, directory, view }: LogAsItIs,
  from: Offset,
  to: Offset,
): AsyncGenerator<Buffer> {
  const entry = view.segments.findLast(({ first }) => first <= from);
  if (entry === undefined) throw new Error(`no segment holds offset ${from}`);
  const place = { directory, first: entry.first };
  const source = entry.archived
    ? await ArchiveSource.open(files, place)
    : await PlainSource.open(files, place, () => null);
  try {
    for (let at: number = from; at < to; at += RECORD_BYTES_MAX) {
      const length = Math.min(RECORD_BYTES_MAX, to - at);
      yield await source.bytes(at - entry.first, length);
    }
  } finally {
    await source.close();
  }
}
