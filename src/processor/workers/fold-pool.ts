import { availableParallelism } from 'node:os';
import { FoldWorker } from './fold-worker-handle.js';

/** More would wait for the disk and for each other's memory. */
const THREADS_MAX = 4;
/** Threads without work are ended: each takes about 15 MB. */
const IDLE_MS = 10_000;

/**
 * The threads that fold backlogs: each starts when it is first asked, and ends when there was none for a while. One that
 * is warmed up stays.
 */
export class FoldPool {
  private workers: readonly FoldWorker[] = [];
  private kept = 0;
  private idle: NodeJS.Timeout | null = null;
  private taken = false;

  /** @param workerUrl compiled JavaScript */
  constructor(
    private readonly workerUrl = new URL('./fold-worker.js', import.meta.url),
    private readonly threads = Math.min(availableParallelism(), THREADS_MAX),
    private readonly idleMs = IDLE_MS,
  ) {}

  /** How many of the threads leave a core to others; one at least. */
  get threadsBesideOthers(): number {
    return Math.max(1, Math.min(this.threads, availableParallelism() - 1));
  }

  /**
   * Starts a thread before there is anything to fold, and has it fold records that are made up, until its code is
   * compiled: 0.1 s of a core. Beside requests a thread that starts, and the compiler, which works at full priority, hold
   * them up for 20 to 30 ms; with a warm thread no request notices that a backlog begins
   * (`npm run bench -- latency --parts backlog`: p99 2.7 times that without a backlog, and 1.3 times).
   */
  warmUp(byHour = false): void {
    this.kept = 1;
    this.fillUp();
    // A thread that cannot start says so when it is needed.
    this.workers[0]?.ask({ kind: 'warm-up', byHour }).catch(() => undefined);
  }

  /**
   * Lets `work` have all threads.
   * @throws when somebody else has them: two batches would be one sum.
   */
  async use<T>(work: (workers: readonly FoldWorker[]) => Promise<T>): Promise<T> {
    if (this.taken) throw new Error('the fold threads are at work on another batch');
    this.taken = true;
    try {
      if (this.idle !== null) clearTimeout(this.idle);
      // Of a batch that failed others may still be at work.
      if (!this.workers.every(({ isUsable }) => isUsable)) await this.close();
      this.fillUp();
      return await work(this.workers);
    } finally {
      this.taken = false;
    }
  }

  /** To be called when the threads are not used for now. */
  rest(): void {
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      const others = this.workers.slice(this.kept);
      this.workers = this.workers.slice(0, this.kept);
      for (const worker of others) void worker.terminate();
    }, this.idleMs).unref();
  }

  async close(): Promise<void> {
    if (this.idle !== null) clearTimeout(this.idle);
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private fillUp(): void {
    const missing = Array.from(
      { length: this.threads - this.workers.length },
      () => new FoldWorker(this.workerUrl),
    );
    this.workers = [...this.workers, ...missing];
  }
}
