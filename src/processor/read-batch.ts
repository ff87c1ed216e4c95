import type { DeltaPage } from '../revenue/revenue.port.js';
import type { LogChunk, Offset, StagingLogReader } from '../staging-log/staging-log.port.js';
import type { Batch, BatchBounds } from './batch.js';
import { BatchFold } from './fold/batch-fold.js';
import { encodePage } from './fold/encode-page.js';
import type { Fold } from './fold/fold-records.js';
import { createFoldWindow, type FoldWindow } from './fold/fold-window.js';
import { sortUsers } from './fold/sort-users.js';

/** Small enough not to hold up requests while it is folded: 0.3 ms, or 4 ms of lines in a foreign layout. */
const CHUNK_BYTES = 256 * 1024;
/** A record is read whole, however long it is. */
const WINDOW_BYTES = 1024 * 1024 + 64 * 1024;
/** Sorting and encoding more of them on the main thread would hold up requests for over 20 ms. */
const USERS_MAX = 50_000;
const PAGE_USERS = 8_192;

/**
 * Reads and folds on this thread what comes after `start`, until the log ends or a bound is passed: distinct
 * users (they are the fold's memory), bytes, time, or what is set aside (kept with its bytes). Each bound but
 * the number of what is set aside may be passed by at most one chunk.
 */
export async function readBatch(
  log: Pick<StagingLogReader, 'read'>,
  start: Offset,
  bounds: BatchBounds & { readonly bytesMax?: number },
): Promise<Batch> {
  const batch = new BatchFold(bounds.byHour === true);
  const window = createFoldWindow(WINDOW_BYTES);
  const deadline = performance.now() + bounds.readMsMax;
  const { bytesMax = Infinity } = bounds;
  const usersMax = Math.min(bounds.usersMax, USERS_MAX);
  let end = start;
  let lastTimestamp: number | null = null;
  do {
    const chunk = await log.read(end, CHUNK_BYTES);
    if (chunk.kind === 'end') break;
    const folded = foldChunk(batch, chunk, window);
    end = folded.next;
    lastTimestamp = folded.lastTimestamp ?? lastTimestamp;
  } while (
    batch.fold.users < usersMax &&
    !batch.isFull &&
    end - start < bytesMax &&
    performance.now() < deadline
  );
  const { fold, deadLetters, corrections } = batch;
  const { events, users, byHour } = fold;
  const set = { hours: fold.hours.encode(), deadLetters, corrections };
  const pages = pagesOf(fold);
  return { end, events, byHour, users, lastTimestamp, ...set, pages, release: () => undefined };
}

function foldChunk(
  batch: BatchFold,
  chunk: Exclude<LogChunk, { kind: 'end' }>,
  window: FoldWindow,
): { readonly next: Offset; readonly lastTimestamp: number | null } {
  if (chunk.kind !== 'records') {
    const { offset, next, head } = chunk;
    const { code, message } = chunk.kind === 'damaged' ? chunk : TOO_LONG;
    batch.setAside({ offset, length: next - offset, bytes: head, code, message });
    return { next, lastTimestamp: null };
  }
  const { bytes } = chunk;
  bytes.copy(window.bytes);
  const { end, lastTimestamp } = batch.add(window, bytes.length, (at) => chunk.offsetAt(at));
  return { next: end < bytes.length ? chunk.offsetAt(end) : chunk.next, lastTimestamp };
}

const TOO_LONG = { code: 'RECORD_TOO_LONG', message: 'a line longer than any record can be' };

function pagesOf(fold: Fold): () => AsyncIterable<DeltaPage> {
  let order: Int32Array | null = null;
  return async function* () {
    order ??= sortUsers(fold.table);
    for (let from = 0; ;) {
      const encoded = encodePage(fold, order, { from, usersMax: PAGE_USERS });
      if (encoded === null) return;
      yield await Promise.resolve(encoded.page);
      from = encoded.next;
    }
  };
}
