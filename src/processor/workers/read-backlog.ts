import type { NewDeadLetter } from '../../dead-letters/dead-letters.port.js';
import type { DeltaPage } from '../../revenue/revenue.port.js';
import {
  toOffset,
  type LogExtent,
  type Offset,
  type StagingLogReader,
} from '../../staging-log/staging-log.port.js';
import type { Batch, BatchBounds } from '../batch.js';
import type { Correction } from '../correction.js';
import type { TakenFold } from './fold-messages.js';
import type { FoldPool } from './fold-pool.js';
import type { FoldWorker } from './fold-worker-handle.js';

/** About 8 ms of work: asking for it costs 0.1 ms. */
const EXTENT_BYTES = 8 * 1024 * 1024;
/** Of a thread's table: user ids may be long, and users have no bound in bytes. */
const TABLE_BYTES_MAX = 160 * 1024 * 1024;
const SET_ASIDE_MAX = 1_000;

/**
 * Reads and folds in threads what comes after `start`, as far as the log has extents there, or until a bound is
 * passed: distinct users (of each thread), time. Each may be passed by at most an extent a thread.
 *
 * Null when there is no extent, or when something in them is not as it should be or has to be set aside in
 * numbers: then it must be read through the log, which judges it, record by record.
 * @throws when a thread ends.
 */
export function readBacklog(
  log: StagingLogReader,
  start: Offset,
  { bounds, pool }: { readonly bounds: BatchBounds; readonly pool: FoldPool },
): Promise<Batch | null> {
  return pool.use(async (workers) => {
    // A batch that failed half-way left its sums in the threads.
    await Promise.all(workers.map((worker) => worker.ask({ kind: 'reset' })));
    const backlog = new Backlog(log, start, bounds);
    await Promise.all(workers.map((worker) => backlog.foldWith(worker)));
    const isWhole = backlog.sound && backlog.end > start;
    const batch = isWhole ? await finish(workers, backlog) : null;
    if (batch === null) for (const worker of workers) await worker.ask({ kind: 'reset' });
    return batch;
  });
}

/** Extents of a log, given away one after the other. */
class Backlog {
  sound = true;
  events = 0;
  end: Offset;
  private readonly deadline: number;
  private finding: Promise<LogExtent | null> = Promise.resolve(null);
  private full = false;
  private last: { readonly offset: number; readonly timestamp: number } | null = null;

  constructor(
    private readonly log: StagingLogReader,
    start: Offset,
    private readonly bounds: BatchBounds,
  ) {
    this.end = start;
    this.deadline = performance.now() + bounds.readMsMax;
  }

  get lastTimestamp(): number | null {
    return this.last?.timestamp ?? null;
  }

  /** Until there is nothing more to fold in this batch. */
  async foldWith(worker: FoldWorker): Promise<void> {
    let events = 0;
    for (let extent = await this.next(); extent !== null; extent = await this.next()) {
      const folded = await worker.ask({ kind: 'extent', extent });
      if (folded.reached !== extent.next) this.sound = false;
      if (folded.users >= this.bounds.usersMax || folded.bytes >= TABLE_BYTES_MAX) this.full = true;
      const { lastTimestamp: timestamp } = folded;
      const isLast = this.last === null || this.last.offset < extent.from;
      if (timestamp !== null && isLast) this.last = { offset: extent.from, timestamp };
      ({ events } = folded);
    }
    this.events += events;
  }

  private next(): Promise<LogExtent | null> {
    this.finding = this.finding.then(() => this.find());
    return this.finding;
  }

  private async find(): Promise<LogExtent | null> {
    if (!this.sound || this.full || performance.now() >= this.deadline) return null;
    const extent = await this.log.extentAt(this.end, EXTENT_BYTES);
    if (extent !== null) this.end = extent.next;
    return extent;
  }
}

/** Brings together in the first thread what all of them have. */
async function finish(workers: readonly FoldWorker[], backlog: Backlog): Promise<Batch | null> {
  const [first, ...others] = workers;
  if (first === undefined) return null;
  const taken = await Promise.all(others.map((worker) => worker.ask({ kind: 'take' })));
  const contents = taken.map((each) => each.contents);
  const arenas = contents.map(({ arena }) => arena);
  const finished = await first.ask({ kind: 'finish', others: contents }, arenas);
  const { deadLetters, corrections } = inOrder([finished, ...taken]);
  if (deadLetters.length + corrections.length > SET_ASIDE_MAX) return null;
  const { end, events, lastTimestamp } = backlog;
  return {
    ...{ end: toOffset(end), events, users: finished.users, lastTimestamp },
    ...{ deadLetters, corrections },
    pages: () => pagesOf(first),
    release: () => {
      // A thread that has ended has nothing to forget.
      first.ask({ kind: 'reset' }).catch(() => undefined);
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

/** The next page is encoded while the database works on one. */
async function* pagesOf(worker: FoldWorker): AsyncGenerator<DeltaPage> {
  const ask = (index: number): Promise<DeltaPage | null> => {
    const asked = worker.ask({ kind: 'page', index });
    asked.catch(() => undefined); // it may never be looked at
    return asked;
  };
  let page = ask(0);
  for (let index = 1; ; index++) {
    const current = await page;
    if (current === null) return;
    page = ask(index);
    const { users, userIds, deltas } = current;
    yield { users, userIds: asBuffer(userIds), deltas: asBuffer(deltas) };
  }
}
