import { Worker, type Transferable } from 'node:worker_threads';
import type { FoldAnswers, FoldRequest } from './fold-messages.js';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A fold thread, from the main thread's side. */
export class FoldWorker {
  private readonly worker: Worker;
  /** In the order of the requests, which is that of the answers. */
  private readonly waiting: Waiting[] = [];
  private ended: Error | null = null;
  private terminating = false;

  constructor(url: URL) {
    this.worker = new Worker(url);
    this.worker.unref(); // holds the process only while it works
    this.worker.on('message', (answer: unknown) => {
      this.waiting.shift()?.resolve(answer);
      if (this.waiting.length === 0 && !this.terminating) this.worker.unref();
    });
    this.worker.on('error', (error: Error) => {
      this.end(error);
    });
    this.worker.on('exit', () => {
      this.end(new Error('the fold thread has ended'));
    });
  }

  get isUsable(): boolean {
    return this.ended === null;
  }

  /** @throws when the thread has ended, or ends before it answers. */
  ask<K extends FoldRequest['kind']>(
    request: Extract<FoldRequest, { kind: K }>,
    transfer: Transferable[] = [],
  ): Promise<FoldAnswers[K]> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      this.worker.ref();
      this.worker.postMessage(request, transfer); // may throw: then there is nothing to wait for
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  async terminate(): Promise<void> {
    this.terminating = true;
    this.worker.ref(); // nothing else may hold a process that waits for this
    await this.worker.terminate();
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}
