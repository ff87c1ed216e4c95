/** What commits are written to. */
export interface CommitTarget {
  /** Resolves when the bytes are durable. Rejects otherwise; then only `heal` may follow. */
  append(bytes: Buffer): Promise<void>;
  /** Cuts off what a failed append left behind. Rejects while that is not possible. */
  heal(): Promise<void>;
}

/** Told how the commit ended: null when it is durable. Must not throw. */
export type Settle = (error: Error | null) => void;

interface Waiting {
  readonly text: string;
  readonly bytes: number;
  readonly settle: Settle;
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
  private queue: Waiting[] = [];
  private queuedBytes = 0;
  private failure: Error | null = null;
  private running: Promise<void> | null = null;

  constructor(
    private readonly target: CommitTarget,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Bytes that wait for the disk, those of the commit in flight included. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  get failed(): Error | null {
    return this.failure;
  }

  /**
   * Queues whole lines. An empty text is settled with the commit that is the last one now. The
   * settling of a commit is done, in the order of submission, before the next one begins; that of a
   * submission after a failure before this returns.
   */
  submit(text: string, settle: Settle): void {
    if (this.failure !== null) {
      settle(this.failure);
      return;
    }
    const bytes = Buffer.byteLength(text);
    this.queuedBytes += bytes;
    this.queue.push({ text, bytes, settle });
    this.running ??= this.drainQueue();
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
    // Appends of the same turn of the event loop are to share the first commit, too.
    await Promise.resolve();
    while (this.queue.length > 0) {
      const group = this.takeGroup();
      const error = await this.commit(group);
      if (error !== null) {
        await this.fail(error, group);
        break;
      }
      this.settle(group, null);
    }
    this.running = null;
  }

  private takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.queue) {
      if (count > 0 && bytes + waiting.bytes > COMMIT_BYTES_MAX) break;
      bytes += waiting.bytes;
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async commit(group: readonly Waiting[]): Promise<Error | null> {
    const bytes = Buffer.from(group.map(({ text }) => text).join(''));
    if (bytes.length === 0) return null;
    try {
      await this.target.append(bytes);
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Whatever queued behind a failed commit fails with it: it may be a duplicate of a lost record. */
  private async fail(error: Error, group: Waiting[]): Promise<void> {
    this.failure = error;
    await this.target.heal().catch(() => undefined); // `onFailure` sees to it that it is tried again
    const queued = this.queue;
    this.queue = [];
    this.settle([...group, ...queued], error);
    this.onFailure(error);
  }

  private settle(group: readonly Waiting[], error: Error | null): void {
    for (const waiting of group) {
      this.queuedBytes -= waiting.bytes;
      waiting.settle(error);
    }
  }
}
