import { Histogram, LATENCY_SECONDS } from '../../shared/histogram.js';
import { recordsQueued } from '../../shared/tracing/trace-channels.js';

/** What commits are written to. */
export interface CommitTarget {
  /**
   * Resolves when the bytes are durable. Rejects otherwise; then only `heal` may follow.
   * @param commit what traces know them by
   */
  append(bytes: Buffer, commit: object): Promise<void>;
  /** Cuts off what a failed append left behind. Rejects while that is not possible. */
  heal(): Promise<void>;
}

/** How a commit ended: null when it is durable. */
export type CommitEnd = Error | null;

/** What is written and synced together. */
interface Group {
  /** In order. Texts that follow each other are one. */
  readonly pieces: (string | Buffer)[];
  bytes: number;
  appends: number;
  /** When the first of them came, of `performance.now()`. */
  readonly since: number;
  readonly settles: ((end: CommitEnd) => void)[];
  readonly ended: Promise<CommitEnd>;
  readonly end: (end: CommitEnd) => void;
}

/** At most this much is written by one commit, so that a long queue keeps memory flat. */
const COMMIT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Self-clocking group commit: whatever queued while the last sync ran is written and synced
 * together. No timer: on an idle disk an append costs one sync, on a busy one they share.
 *
 * States: idle (nothing queued), committing, failed. A failed write or sync fails the appends of
 * that commit and all that queued behind it; then nothing is written until `resume`. They are told
 * so only when the segment has been cut back, if that is possible at all: a process that is killed
 * after the answer must not leave behind, as whole records, what it said it had refused.
 */
export class GroupCommit {
  private queue: Group[] = [];
  private queuedBytes = 0;
  private queuedAppends = 0;
  private failure: Error | null = null;
  private running: Promise<void> | null = null;
  /** What a commit of several pieces is written from; one commit is under way at a time. */
  private joined = Buffer.alloc(0);

  /** From being asked for to being durable; of all appends of a commit, what its first one took, the longest. */
  readonly appendSeconds = new Histogram(LATENCY_SECONDS);

  constructor(
    private readonly target: CommitTarget,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Bytes that wait for the disk, those of the commit in flight included. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  /** Calls of `submit` that have not ended. */
  get pendingAppends(): number {
    return this.queuedAppends;
  }

  get failed(): Error | null {
    return this.failure;
  }

  /**
   * Queues whole lines, and answers with the end of their commit: one promise for all that share it,
   * for a promise each is most of what an append costs. Empty lines share the last commit of now.
   * @param lines as a text, or as bytes that are not touched before that end
   * @param bytes of them in UTF-8
   * @param settle is called with that end, in the order of submission, before the next commit begins;
   * for what comes after a failure, before this returns. Must not throw.
   */
  submit(
    lines: string | Buffer,
    bytes: number,
    settle?: (end: CommitEnd) => void,
  ): Promise<CommitEnd> {
    if (this.failure !== null) {
      settle?.(this.failure);
      return Promise.resolve(this.failure);
    }
    let group = this.queue.at(-1);
    if (group === undefined || (group.bytes > 0 && group.bytes + bytes > COMMIT_BYTES_MAX)) {
      group = createGroup();
      this.queue.push(group);
    }
    if (recordsQueued.hasSubscribers) {
      recordsQueued.publish({ commit: group, position: group.bytes, bytes });
    }
    if (bytes > 0) addPiece(group.pieces, lines);
    group.bytes += bytes;
    group.appends += 1;
    this.queuedBytes += bytes;
    this.queuedAppends += 1;
    if (settle !== undefined) group.settles.push(settle);
    this.running ??= this.drainQueue();
    return group.ended;
  }

  /** After a failure, once the segment is healed. */
  resume(): void {
    this.failure = null;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private async drainQueue(): Promise<void> {
    for (;;) {
      // Whoever was answered, and whatever else this turn of the event loop brings, is to share the
      // next commit. Begun at once it would be that of the first of them alone: two syncs for one.
      await turn();
      const group = this.queue.shift();
      if (group === undefined) break;
      const end = await this.commit(group);
      if (end !== null) {
        await this.fail(end, group);
        break;
      }
      this.settle(group, null);
    }
    this.running = null;
  }

  private async commit(group: Group): Promise<CommitEnd> {
    if (group.bytes === 0) return null;
    try {
      await this.target.append(this.join(group), group);
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** One piece of memory, so that one write does. Bytes that are alone are not copied for it. */
  private join({ pieces, bytes }: Group): Buffer {
    const [first] = pieces;
    if (pieces.length === 1 && typeof first === 'object') return first;
    if (bytes > this.joined.length) this.joined = Buffer.allocUnsafeSlow(roomFor(bytes));
    const { joined } = this;
    let at = 0;
    for (const piece of pieces) {
      at += typeof piece === 'string' ? joined.write(piece, at) : piece.copy(joined, at);
    }
    return joined.subarray(0, at);
  }

  /** Whatever queued behind a failed commit fails with it: it may be a duplicate of a lost record. */
  private async fail(error: Error, group: Group): Promise<void> {
    this.failure = error;
    await this.target.heal().catch(() => undefined); // `onFailure` sees to it that it is tried again
    const queue = this.queue;
    this.queue = [];
    for (const failed of [group, ...queue]) this.settle(failed, error);
    this.onFailure(error);
  }

  private settle(group: Group, end: CommitEnd): void {
    const { bytes, appends, since } = group;
    this.queuedBytes -= bytes;
    this.queuedAppends -= appends;
    if (end === null) this.appendSeconds.observe((performance.now() - since) / 1000, appends);
    for (const settle of group.settles) settle(end);
    group.end(end);
  }
}

function createGroup(): Group {
  let end: (end: CommitEnd) => void = () => undefined;
  const ended = new Promise<CommitEnd>((resolve) => {
    end = resolve;
  });
  const since = performance.now();
  return { pieces: [], bytes: 0, appends: 0, since, settles: [], ended, end };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function addPiece(pieces: (string | Buffer)[], lines: string | Buffer): void {
  const last = pieces.at(-1);
  if (typeof lines === 'string' && typeof last === 'string')
    pieces[pieces.length - 1] = last + lines;
  else pieces.push(lines);
}

/** The next power of two, so that commits that grow a little do not ask for memory each time. */
const roomFor = (bytes: number): number => 2 ** Math.ceil(Math.log2(bytes));
