import { EventBatch } from './event-batch.js';

/** Beyond it, batches are left to the garbage collector. */
const IDLE_MAX = 64;

/** Batches to use again: the memory of their records has grown to what bodies need. */
export class BatchPool {
  private readonly idle: EventBatch[] = [];

  constructor(private readonly rejectedMax: number) {}

  borrow(): EventBatch {
    return this.idle.pop() ?? new EventBatch(this.rejectedMax);
  }

  /** Nobody may use it any more. */
  giveBack(batch: EventBatch): void {
    if (this.idle.length >= IDLE_MAX) return;
    batch.clear();
    this.idle.push(batch);
  }
}
