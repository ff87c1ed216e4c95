import type { ActiveSegment } from './active-segment.js';

export type Commit =
  { readonly kind: 'durable' } | { readonly kind: 'failed'; readonly error: Error };

interface Waiting {
  readonly text: string;
  readonly bytes: number;
  readonly resolve: (commit: Commit) => void;
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
    private readonly segment: ActiveSegment,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Bytes that wait for the disk, those of the commit in flight included. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  get failed(): Error | null {
    return this.failure;
  }

  /** Queues whole lines. An empty text resolves with the commit that is the last one now. */
  submit(text: string): Promise<Commit> {
    if (this.failure !== null) return Promise.resolve({ kind: 'failed', error: this.failure });
    const bytes = Buffer.byteLength(text);
    this.queuedBytes += bytes;
    return new Promise((resolve) => {
      this.queue.push({ text, bytes, resolve });
      this.running ??= this.drainQueue();
    });
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
      const commit = await this.commit(group);
      if (commit.kind === 'failed') {
        await this.fail(commit.error, group);
        break;
      }
      this.settle(group, commit);
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

  private async commit(group: readonly Waiting[]): Promise<Commit> {
    const bytes = Buffer.from(group.map(({ text }) => text).join(''));
    if (bytes.length === 0) return { kind: 'durable' };
    try {
      await this.segment.append(bytes);
      return { kind: 'durable' };
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** Whatever queued behind a failed commit fails with it: it may be a duplicate of a lost record. */
  private async fail(error: Error, group: Waiting[]): Promise<void> {
    this.failure = error;
    await this.segment.heal().catch(() => undefined); // `onFailure` sees to it that it is tried again
    const queued = this.queue;
    this.queue = [];
    this.settle([...group, ...queued], { kind: 'failed', error });
    this.onFailure(error);
  }

  private settle(group: readonly Waiting[], commit: Commit): void {
    for (const waiting of group) {
      this.queuedBytes -= waiting.bytes;
      waiting.resolve(commit);
    }
  }
}
