import { DEAD_LETTER_BYTES_MAX, type NewDeadLetter } from '../dead-letters/dead-letters.port.js';
import type { LogChunk, Offset, StagingLogReader } from '../staging-log/staging-log.port.js';
import { Fold } from './fold-records.js';

export interface BatchBounds {
  readonly usersMax: number;
  readonly readMsMax: number;
}

/** The records of one load transaction, reduced. */
export interface Batch {
  /** Exclusive end, and where the next batch begins. */
  readonly end: Offset;
  readonly fold: Fold;
  readonly deadLetters: readonly NewDeadLetter[];
}

/** Small enough not to hold up requests while it is parsed: about 4 ms. */
const CHUNK_BYTES = 256 * 1024;
const DEAD_LETTERS_MAX = 1_000;
const DEAD_LETTERS_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Reads and folds what comes after `start`, until the log ends or a bound is passed: distinct users
 * (they are the fold's memory), time, or dead letters (they are kept with their bytes: 1,000 long
 * lines took 600 MB on their way to the database). Each bound but the number of dead letters may be
 * passed by at most one chunk.
 */
export async function readBatch(
  log: Pick<StagingLogReader, 'read'>,
  start: Offset,
  bounds: BatchBounds,
): Promise<Batch> {
  const fold = new Fold();
  const deadLetters: NewDeadLetter[] = [];
  const deadline = performance.now() + bounds.readMsMax;
  let end = start;
  do {
    const chunk = await log.read(end, CHUNK_BYTES);
    if (chunk.kind === 'end') break;
    end = foldChunk(fold, chunk, deadLetters);
  } while (
    fold.users < bounds.usersMax &&
    deadLetters.length < DEAD_LETTERS_MAX &&
    keptBytes(deadLetters) < DEAD_LETTERS_BYTES_MAX &&
    performance.now() < deadline
  );
  return { end, fold, deadLetters };
}

const keptBytes = (letters: readonly NewDeadLetter[]): number =>
  letters.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Answers with where to read on. */
function foldChunk(
  fold: Fold,
  chunk: Exclude<LogChunk, { kind: 'end' }>,
  deadLetters: NewDeadLetter[],
): Offset {
  if (chunk.kind === 'oversized') {
    const { offset, next, head } = chunk;
    const message = 'a line longer than any record can be';
    const length = next - offset;
    deadLetters.push({ offset, length, bytes: head, code: 'RECORD_TOO_LONG', message });
    return next;
  }
  if (chunk.kind === 'damaged') {
    const { offset, next, head, code, message } = chunk;
    deadLetters.push({ offset, length: next - offset, bytes: head, code, message });
    return next;
  }
  const folded = fold.add(chunk.bytes, DEAD_LETTERS_MAX - deadLetters.length);
  for (const { start, end, code, message } of folded.unusable) {
    // Copied: a slice would keep its whole chunk alive.
    const bytes = Buffer.from(
      chunk.bytes.subarray(start, Math.min(end, start + DEAD_LETTER_BYTES_MAX)),
    );
    deadLetters.push({ offset: chunk.offsetAt(start), length: end - start, bytes, code, message });
  }
  return folded.end < chunk.bytes.length ? chunk.offsetAt(folded.end) : chunk.next;
}
