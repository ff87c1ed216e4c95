import { availableParallelism } from 'node:os';
import { FoldWorker } from './fold-worker-handle.js';

/** More would wait for the disk and for each other's memory. */
const THREADS_MAX = 4;
/** Threads without work are ended: each takes about 15 MB. */
const IDLE_MS = 10_000;

/** The threads that fold backlogs: each starts when it is first asked, and ends when there was none for a while. */
export class FoldPool {
  private workers: readonly FoldWorker[] = [];
  private idle: NodeJS.Timeout | null = null;
  private taken = false;

  /** @param workerUrl compiled JavaScript */
  constructor(
    private readonly workerUrl = new URL('./fold-worker.js', import.meta.url),
    private readonly threads = Math.min(availableParallelism(), THREADS_MAX),
  ) {}

  /** How many of the threads leave a core to others; one at least. */
  get threadsBesideOthers(): number {
    return Math.max(1, Math.min(this.threads, availableParallelism() - 1));
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
      if (this.workers.length === 0 || !this.workers.every(({ isUsable }) => isUsable)) {
        await this.close();
        this.workers = Array.from({ length: this.threads }, () => new FoldWorker(this.workerUrl));
      }
      return await work(this.workers);
    } finally {
      this.taken = false;
    }
  }

  /** To be called when the threads are not used for now. */
  rest(): void {
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  async close(): Promise<void> {
    if (this.idle !== null) clearTimeout(this.idle);
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
