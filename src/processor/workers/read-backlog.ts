import { setTimeout as sleep } from 'node:timers/promises';
import type { NewDeadLetter } from '../../dead-letters/dead-letters.port.js';
import type { DeltaPage, HourPage } from '../../revenue/revenue.port.js';
import {
  toOffset,
  type LogExtent,
  type Offset,
  type StagingLogReader,
} from '../../staging-log/staging-log.port.js';
import type { Batch, BatchBounds } from '../batch.js';
import type { Correction } from '../correction.js';
import type { FoldedPage, TakenFold } from './fold-messages.js';
import type { FoldPool } from './fold-pool.js';
import type { FoldWorker } from './fold-worker-handle.js';
import type { LogGrowth } from './log-growth.js';

/** About 10 ms of work: asking for it costs 0.1 ms. */
const EXTENT_BYTES = 8 * 1024 * 1024;
/** Of a thread's table: user ids may be long, and users have no bound in bytes. */
const TABLE_BYTES_MAX = 160 * 1024 * 1024;
const SET_ASIDE_MAX = 1_000;
/** How long a thread that leaves its core to requests does so at least. */
const SIT_OUT_MS = 20;

/** The second time as far as the first one told that it may go; once more, if the files change meanwhile. */
const ATTEMPTS_MAX = 3;

/**
 * `nothing-to-fold`: the log has no extent there. `troubled`: at the very beginning something is not as it should be,
 * or has to be set aside in numbers. Then it must be read through the log, which judges it, record by record.
 */
export type Backlogged = Batch | 'nothing-to-fold' | 'troubled';

export interface BacklogOptions {
  readonly bounds: BatchBounds;
  readonly pool: FoldPool;
  readonly growth: LogGrowth;
}

/**
 * Reads and folds in threads what comes after `start`, as far as the log has extents there, or until a bound is
 * passed: distinct users (of each thread), time. Each may be passed by at most an extent a thread. Ends before
 * what is not as it should be: the extents before that are folded a second time.
 *
 * While the log grows, a core is left to those who make it grow: with threads on all of them each step of a request would
 * wait until one gives way, some milliseconds, whatever its priority (`npm run bench -- latency` measures that).
 * @throws when a thread ends.
 */
export function readBacklog(
  log: StagingLogReader,
  start: Offset,
  { bounds, pool, growth }: BacklogOptions,
): Promise<Backlogged> {
  return pool.use(async (workers) => {
    let limit = Infinity;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      // A batch that failed half-way left its sums in the threads.
      await Promise.all(workers.map((worker) => worker.reset()));
      const backlog = new Backlog(log, start, { ...bounds, limit, threads: workers.length });
      const sitsOut = (thread: number): boolean =>
        thread >= pool.threadsBesideOthers && growth.isRecent();
      try {
        await Promise.all(
          workers.map((worker, thread) => backlog.foldWith(worker, () => sitsOut(thread))),
        );
      } finally {
        backlog.close();
      }
      if (backlog.end === start) break;
      const finished =
        backlog.trouble ??
        (await finish(workers, backlog, { pool, byHour: bounds.byHour === true }));
      if (typeof finished === 'object') return finished;
      limit = finished;
    }
    pool.rest();
    return limit === Infinity ? 'nothing-to-fold' : 'troubled';
  });
}

/** Extents of a log, given away one after the other. */
class Backlog {
  events = 0;
  /** The first offset that was not reached, where an extent was not folded to its end. */
  trouble: number | null = null;
  /** Up to where extents were given away. */
  end: Offset;
  private readonly deadline: number;
  private finding: Promise<LogExtent | null> = Promise.resolve(null);
  private full = false;
  /** Whether all extents of the batch were given away. */
  private given = false;
  private last: { readonly offset: number; readonly timestamp: number } | null = null;

  constructor(
    private readonly log: StagingLogReader,
    start: Offset,
    private readonly bounds: BatchBounds & { readonly limit: number; readonly threads: number },
  ) {
    this.end = start;
    this.deadline = performance.now() + bounds.readMsMax;
  }

  get lastTimestamp(): number | null {
    return this.last?.timestamp ?? null;
  }

  /** Until there is nothing more to fold in this batch. @param sitsOut whether the thread is not to go on now */
  async foldWith(worker: FoldWorker, sitsOut: () => boolean): Promise<void> {
    const { usersMax, threads, byHour = false } = this.bounds;
    const setAsideMax = SET_ASIDE_MAX / (2 * threads); // so that what is under way fits, too
    let events = 0;
    for (;;) {
      while (!this.given && sitsOut()) await sleep(SIT_OUT_MS);
      const extent = await this.next();
      if (extent === null) break;
      const folded = await worker.ask({ kind: 'extent', extent, byHour });
      const { reached, users, bytes, setAside } = folded;
      if (reached !== extent.next) this.trouble = Math.min(this.trouble ?? Infinity, reached);
      if (users >= usersMax || bytes >= TABLE_BYTES_MAX || setAside >= setAsideMax)
        this.full = true;
      const { lastTimestamp: timestamp } = folded;
      const isLast = this.last === null || this.last.offset < extent.from;
      if (timestamp !== null && isLast) this.last = { offset: extent.from, timestamp };
      ({ events } = folded);
    }
    this.events += events;
  }

  /** No extent is given away any more. */
  close(): void {
    this.given = true;
  }

  private next(): Promise<LogExtent | null> {
    this.finding = this.finding.then(() => this.find());
    return this.finding;
  }

  private async find(): Promise<LogExtent | null> {
    const room = this.bounds.limit - this.end;
    const isDone =
      this.given || this.trouble !== null || this.full || performance.now() >= this.deadline;
    const extent =
      isDone || room <= 0 ? null : await this.log.extentAt(this.end, Math.min(EXTENT_BYTES, room));
    this.given ||= extent === null || extent.next > this.bounds.limit;
    if (extent === null || this.given) return null;
    this.end = extent.next;
    return extent;
  }
}

/** Brings together in the first thread what all of them have; or tells where there was too much to set aside. */
async function finish(
  workers: readonly FoldWorker[],
  backlog: Backlog,
  { pool, byHour }: { readonly pool: FoldPool; readonly byHour: boolean },
): Promise<Batch | number> {
  const [first, ...others] = workers.filter(({ isStarted }) => isStarted);
  if (first === undefined) throw new Error('no thread folded anything');
  const taken = await Promise.all(others.map((worker) => worker.ask({ kind: 'take' })));
  const contents = taken.map((each) => each.contents);
  const arenas = contents.flatMap(({ users, hours }) => [users.arena, hours.arena]);
  const finished = await first.ask({ kind: 'finish', others: contents, byHour }, arenas);
  const { deadLetters, corrections } = inOrder([finished, ...taken]);
  const setAside = [...deadLetters, ...corrections].map(({ offset }) => offset);
  if (setAside.length > SET_ASIDE_MAX) {
    return setAside.sort((a, b) => a - b)[SET_ASIDE_MAX] ?? backlog.end;
  }
  const { end, events, lastTimestamp } = backlog;
  return {
    ...{ end: toOffset(end), events, byHour, users: finished.users, lastTimestamp },
    hours: finished.hours === null ? null : withBuffers(finished.hours),
    ...{ deadLetters, corrections },
    pages: () => pagesOf(first),
    release: () => {
      // A thread that has ended has nothing to forget.
      first.reset().catch(() => undefined);
      pool.rest();
    },
  };
}

function inOrder(parts: readonly Pick<TakenFold, 'deadLetters' | 'corrections'>[]): {
  readonly deadLetters: readonly NewDeadLetter[];
  readonly corrections: readonly Correction[];
} {
  const byOffset = (a: { offset: number }, b: { offset: number }): number => a.offset - b.offset;
  const deadLetters = parts.flatMap((part) => part.deadLetters);
  return {
    deadLetters: deadLetters.map(withBuffer).sort(byOffset),
    corrections: parts.flatMap((part) => part.corrections).sort(byOffset),
  };
}

/** Between threads a Buffer turns into the Uint8Array that it is. */
const asBuffer = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, length);

const withBuffer = (letter: NewDeadLetter): NewDeadLetter => ({
  ...letter,
  bytes: asBuffer(letter.bytes),
});

const withBuffers = ({ hours, numbers, deltas }: HourPage): HourPage => ({
  hours,
  numbers: asBuffer(numbers),
  deltas: asBuffer(deltas),
});

function pageWithBuffers({ users, userIds, deltas, userHours: hours }: DeltaPage): DeltaPage {
  const page = { users, userIds: asBuffer(userIds), deltas: asBuffer(deltas) };
  if (hours === undefined) return page;
  const [ids, sums] = [asBuffer(hours.userIds), asBuffer(hours.deltas)];
  return { ...page, userHours: { userIds: ids, starts: asBuffer(hours.starts), deltas: sums } };
}

/** The next page is encoded while the database works on one. */
async function* pagesOf(worker: FoldWorker): AsyncGenerator<DeltaPage> {
  const ask = (from: number): Promise<FoldedPage | null> => {
    const asked = worker.ask({ kind: 'page', from });
    asked.catch(() => undefined); // it may never be looked at
    return asked;
  };
  for (let asked = ask(0); ;) {
    const current = await asked;
    if (current === null) return;
    asked = ask(current.next);
    yield pageWithBuffers(current.page);
  }
}
