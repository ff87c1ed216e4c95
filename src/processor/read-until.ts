import type { LogChunk, Offset, StagingLogReader } from '../staging-log/staging-log.port.js';

/** A range that is to be taken in again cannot be read as it once was. The message says where. */
export class StillDamagedError extends Error {}

const NEWLINE = 0x0a;

/**
 * Reads a log as if it ended at `end`, which was the end of a record once.
 * @throws StillDamagedError when what is before `end` is damaged, or no record ends there.
 */
export function readUntil(log: StagingLogReader, end: Offset): Pick<StagingLogReader, 'read'> {
  return {
    read: async (from, bytesMax) => {
      if (from >= end) return { kind: 'end' };
      return cut(await log.read(from, Math.min(bytesMax, end - from)), from, end);
    },
  };
}

function cut(chunk: LogChunk, from: Offset, end: Offset): LogChunk {
  if (chunk.kind === 'end') {
    throw new StillDamagedError(`the log ends at offset ${from}, before ${end}`);
  }
  if (chunk.kind === 'damaged') {
    throw new StillDamagedError(
      `${chunk.code} at offset ${chunk.offset} to ${chunk.next}: ${chunk.message}`,
    );
  }
  if (chunk.next <= end) return chunk;
  const bytes = chunk.kind === 'records' ? chunk.bytes.subarray(0, end - from) : null;
  if (chunk.kind === 'oversized' || bytes?.at(-1) !== NEWLINE) {
    const message = `no record ends at offset ${end}: what was restored is not what was there`;
    throw new StillDamagedError(message);
  }
  return { ...chunk, bytes, next: end };
}
