import { EventBatch } from './event-batch.js';

/** Beyond it, batches are left to the garbage collector. */
const IDLE_MAX = 64;

/** Batches to use again: the memory of their records has grown to what bodies need. */
export class BatchPool {
  private readonly idle: EventBatch[] = [];

  constructor(private readonly rejectedMax: number) {}

  /** Lends one until the answer is there, or whatever was thrown instead. */
  async lend<Answer>(use: (batch: EventBatch) => Answer | Promise<Answer>): Promise<Answer> {
    const batch = this.borrow();
    try {
      return await use(batch);
    } finally {
      this.giveBack(batch);
    }
  }

  /** To be given back, whatever becomes of it. */
  borrow(): EventBatch {
    return this.idle.pop() ?? new EventBatch(this.rejectedMax);
  }

  /** Nobody may use it any more: an append of it has been answered. */
  giveBack(batch: EventBatch): void {
    if (this.idle.length >= IDLE_MAX) return;
    batch.clear();
    this.idle.push(batch);
  }
}
