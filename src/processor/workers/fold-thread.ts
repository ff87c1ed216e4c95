import { EXTENT_WINDOW_BYTES_MIN, readExtent } from '../../staging-log/log-extents.port.js';
import { BatchFold } from '../fold/batch-fold.js';
import { encodePage } from '../fold/encode-page.js';
import { createFoldWindow } from '../fold/fold-window.js';
import { sortUsers } from '../fold/sort-users.js';
import type {
  FinishedFold,
  FoldAnswers,
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

type Extent = Extract<FoldRequest, { kind: 'extent' }>;
type Finish = Extract<FoldRequest, { kind: 'finish' }>;

/** What a worker thread does: folds extents that it reads itself. One batch at a time. */
export class FoldThread {
  private batch = new BatchFold(false);
  private order: Int32Array | null = null;
  private readonly window = createFoldWindow(EXTENT_WINDOW_BYTES_MIN);

  /** Buffers of the answer that are the main thread's from then on are in `transfer`. */
  answer(request: FoldRequest): {
    readonly answer: FoldAnswers[FoldRequest['kind']];
    readonly transfer: ArrayBuffer[];
  } {
    switch (request.kind) {
      case 'extent':
        return { answer: this.foldExtent(request), transfer: [] };
      case 'take': {
        const answer = this.take();
        const { users, hours } = answer.contents;
        return { answer, transfer: [users.arena, hours.arena] };
      }
      case 'finish':
        return { answer: this.finish(request), transfer: [] };
      case 'page':
        return this.page(request.from);
      case 'reset':
        this.reset();
        return { answer: null, transfer: [] };
      case 'warm-up':
        this.warmUp(request.byHour);
        return { answer: null, transfer: [] };
      default:
        return request satisfies never;
    }
  }

  private foldExtent({ extent, byHour }: Omit<Extent, 'kind'>): FoldedExtent {
    const batch = this.batchBy(byHour);
    const { window } = this;
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

  /** This thread may have had nothing to fold of the batch. */
  private finish({ others, byHour }: Omit<Finish, 'kind'>): FinishedFold {
    const { fold, deadLetters, corrections } = this.batchBy(byHour);
    for (const { users, hours } of others) {
      fold.table.merge(users);
      fold.hours.merge(hours);
    }
    this.order = sortUsers(fold.table);
    return { users: fold.users, hours: fold.hours.encode(), deadLetters, corrections };
  }

  private page(from: number): ReturnType<FoldThread['answer']> {
    const order = this.order ?? new Int32Array(0);
    const answer = encodePage(this.batch.fold, order, { from, usersMax: PAGE_USERS });
    if (answer === null) return { answer, transfer: [] };
    const { userIds, deltas, userHours: hours } = answer.page;
    const arrays = [userIds, deltas, ...(hours ? [hours.userIds, hours.starts, hours.deltas] : [])];
    // Some of them may be one.
    const buffers = new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer));
    return { answer, transfer: Array.from(buffers) };
  }

  /** By hour or not is the same for all of a batch. */
  private batchBy(byHour: boolean): BatchFold {
    if (this.batch.byHour !== byHour) this.batch = new BatchFold(byHour);
    return this.batch;
  }

  private warmUp(byHour: boolean): void {
    const batch = this.batchBy(byHour);
    const { window } = this;
    const length = fillWithRecords(window);
    for (let count = 0; count < WARM_UP_WINDOWS; count++) {
      if (byHour) fillWithRecords(window);
      batch.add(window, length, (position) => position);
    }
    for (let count = 0; count < WARM_UP_PAGES; count++) {
      this.finish({ others: [], byHour });
      this.page(0);
    }
    this.reset();
  }

  private reset(): void {
    this.batch = new BatchFold(this.batch.byHour);
    this.order = null;
  }
}
