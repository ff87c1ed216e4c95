import { join } from 'node:path';
import { INHERITED_FILE } from '../files/epoch-files.js';
import { writeIdFile } from '../ids/id-file.js';
import { replaceFile, syncDirectory, writeFully, type LogFiles } from '../files/log-files.js';
import { LOG_KEY_FILE } from '../ids/log-key.js';
import { idsPath, segmentPath } from '../files/log-layout.js';
import {
  openIdRegister,
  type IdRegisterOptions,
  type SegmentIds,
} from '../ids/open-id-register.js';
import type { LogAsItIs } from './open-log-reader.js';
import { makeSums } from '../segments/open-segments.js';
import { readRange } from './read-range.js';
import { RECORD_BYTES_MAX } from '../record-format.js';
import { toOffset, type DamagedChunk, type Offset } from '../staging-log.port.js';
import { NO_SUMS } from '../blocks/sums-file.js';

const NEWLINE = 0x0a;

interface CarryOptions extends Pick<
  IdRegisterOptions,
  'dedupeIdsMax' | 'dedupeWindowSeconds' | 'report'
> {
  /** Of the new log. */
  readonly directory: string;
  readonly segmentBytesMax: number;
}

export interface CarriedRecords {
  readonly bytes: number;
  readonly leftOut: readonly Pick<DamagedChunk, 'offset' | 'next' | 'code'>[];
}

/**
 * Appends all that can be read from an offset on to a new log, in segments from 0 on, durably. The last one
 * is to be appended to, and gets its checksums at the start.
 */
export async function carryRecords(
  old: LogAsItIs,
  from: Offset,
  { directory, segmentBytesMax }: CarryOptions,
): Promise<CarriedRecords> {
  const { files, log } = old;
  const leftOut: CarriedRecords['leftOut'][number][] = [];
  const pieces = readRange(old, { from, to: log.endOffset() }, ({ offset, next, code }) => {
    leftOut.push({ offset, next, code });
  });
  let [first, length, fd] = [0, 0, null as number | null];
  try {
    for await (const bytes of pieces) {
      fd ??= await files.open(segmentPath(directory, first), 'w');
      await writeFully(files, fd, { position: length, bytes });
      length += bytes.length;
      if (length < segmentBytesMax || bytes.at(-1) !== NEWLINE) continue;
      await files.fsync(fd);
      await makeSums(files, {
        ...{ directory, sums: NO_SUMS, entry: { first, archived: false } },
        next: { first: first + length },
      });
      const finished = fd;
      [first, length, fd] = [first + length, 0, null];
      await files.close(finished);
    }
    if (fd !== null) await files.fsync(fd);
  } finally {
    if (fd !== null) await files.close(fd);
  }
  await syncDirectory(files, directory);
  return { bytes: first + length, leftOut };
}

/**
 * Gives a new log the ids that the old one knows of records before an offset, and their key. Those of
 * later records are in what is carried.
 */
export async function carryIds(
  old: LogAsItIs,
  before: Offset,
  { directory, dedupeIdsMax, dedupeWindowSeconds, report }: CarryOptions,
): Promise<void> {
  const { files } = old;
  const { index, now, segments } = await openIdRegister({
    ...{ files, directory: old.directory, dedupeIdsMax, dedupeWindowSeconds, report },
    segments: idSources(old, before),
    elapsed: () => 0,
  });
  const key = Buffer.from(`${index.key.toString('hex')}\n`);
  const keyPath = join(directory, LOG_KEY_FILE);
  await replaceFile(files, keyPath, ownersOnly(files, keyPath, key));
  const lastTimestamp = segments.at(-1)?.lastTimestamp ?? 0;
  await writeIdFile(files, join(directory, INHERITED_FILE), {
    ...{ index, from: 0, to: index.position, startSeconds: 0 },
    facts: { first: 0, length: 0, seconds: now(), lastTimestamp },
    bounds: { idsMax: dedupeIdsMax, windowSeconds: dedupeWindowSeconds },
  });
}

/** The file is there and empty when the first piece is asked for. */
async function* ownersOnly(files: LogFiles, path: string, bytes: Buffer): AsyncGenerator<Buffer> {
  await files.chmod(`${path}.new`, 0o600);
  yield bytes;
}

/** The segments up to an offset, as if the log ended there. */
function idSources({ log, view, directory }: LogAsItIs, before: Offset): SegmentIds[] {
  return view.segments.flatMap(({ first, archived }, at) => {
    const next = view.segments[at + 1]?.first ?? Infinity;
    const end = Math.min(next, before);
    if (archived || end <= first) return [];
    return {
      ...{ first, length: end - first, idsPath: idsPath(directory, first), sealed: end === next },
      pieces: () => readWholeLines(log, toOffset(first), end),
    };
  });
}

async function* readWholeLines(
  log: LogAsItIs['log'],
  from: Offset,
  end: number,
): AsyncGenerator<Buffer | number> {
  for (let offset = from; offset < end;) {
    const chunk = await log.read(offset, RECORD_BYTES_MAX);
    if (chunk.kind === 'end') return;
    if (chunk.kind === 'records') yield chunk.bytes.subarray(0, end - offset);
    if (chunk.kind === 'oversized') yield chunk.next - offset;
    offset = chunk.next;
  }
}
