import { EXTENT_WINDOW_BYTES_MIN, readExtent } from '../../staging-log/log-extents.port.js';
import type { LogExtent } from '../../staging-log/staging-log.port.js';
import { BatchFold } from '../fold/batch-fold.js';
import { encodeDeltas, endOfPage } from '../fold/encode-deltas.js';
import { createFoldWindow } from '../fold/fold-window.js';
import { sortUsers } from '../fold/sort-users.js';
import type {
  FinishedFold,
  FoldAnswers,
  FoldContents,
  FoldedExtent,
  FoldRequest,
  TakenFold,
} from './fold-messages.js';
import { fillWithRecords } from './warm-up-records.js';

/** Of one statement: large enough for the server to be busy, small enough for every time-out. */
const PAGE_USERS = 65_536;
/** Windows to fold, and times to sort and encode, until all of it was compiled, and then a few. */
const WARM_UP_WINDOWS = 10;
const WARM_UP_PAGES = 5;

/** What a worker thread does: folds extents that it reads itself. One batch at a time. */
export class FoldThread {
  private batch = new BatchFold();
  private order: Int32Array | null = null;
  private readonly window = createFoldWindow(EXTENT_WINDOW_BYTES_MIN);

  /** Buffers of the answer that are the main thread's from then on are in `transfer`. */
  answer(request: FoldRequest): {
    readonly answer: FoldAnswers[FoldRequest['kind']];
    readonly transfer: ArrayBuffer[];
  } {
    switch (request.kind) {
      case 'extent':
        return { answer: this.foldExtent(request.extent), transfer: [] };
      case 'take': {
        const answer = this.take();
        const { users, hours } = answer.contents;
        return { answer, transfer: [users.arena, hours.arena] };
      }
      case 'finish':
        return { answer: this.finish(request.others), transfer: [] };
      case 'page':
        return this.page(request.from);
      case 'reset':
        this.reset();
        return { answer: null, transfer: [] };
      case 'warm-up':
        this.warmUp();
        return { answer: null, transfer: [] };
      default:
        return request satisfies never;
    }
  }

  private foldExtent(extent: LogExtent): FoldedExtent {
    const { batch, window } = this;
    let timestamp: number | null = null;
    const reached = readExtent(
      extent,
      window.bytes.subarray(0, window.capacity),
      (length, offset) => {
        if (batch.isFull) return false;
        const { end, lastTimestamp } = batch.add(window, length, (position) => offset + position);
        timestamp = lastTimestamp ?? timestamp;
        return end === length;
      },
    );
    const { users, events, table } = batch.fold;
    return {
      reached,
      lastTimestamp: timestamp,
      users,
      events,
      bytes: table.bytes,
      setAside: batch.setAsideCount,
    };
  }

  private take(): TakenFold {
    const { fold, deadLetters, corrections } = this.batch;
    const contents = { users: fold.table.takeContents(), hours: fold.hours.takeContents() };
    this.reset();
    return { contents, deadLetters, corrections };
  }

  private finish(others: readonly FoldContents[]): FinishedFold {
    const { fold, deadLetters, corrections } = this.batch;
    for (const { users, hours } of others) {
      fold.table.merge(users);
      fold.hours.merge(hours);
    }
    this.order = sortUsers(fold.table);
    return { users: fold.users, hours: fold.hours.encode(), deadLetters, corrections };
  }

  private page(from: number): ReturnType<FoldThread['answer']> {
    const { table } = this.batch.fold;
    const order = this.order ?? new Int32Array(0);
    const next = endOfPage(table, order, { from, usersMax: PAGE_USERS });
    if (next === from) return { answer: null, transfer: [] };
    const page = encodeDeltas(table, order.subarray(from, next));
    const buffers = [page.userIds.buffer, page.deltas.buffer] as ArrayBuffer[];
    return { answer: { page, next }, transfer: buffers };
  }

  private warmUp(): void {
    const { batch, window } = this;
    const length = fillWithRecords(window);
    for (let count = 0; count < WARM_UP_WINDOWS; count++) {
      batch.add(window, length, (position) => position);
    }
    for (let count = 0; count < WARM_UP_PAGES; count++) {
      this.finish([]);
      this.page(0);
    }
    this.reset();
  }

  private reset(): void {
    this.batch = new BatchFold();
    this.order = null;
  }
}
