import { Worker, type Transferable } from 'node:worker_threads';
import type { FoldAnswers, FoldRequest } from './fold-messages.js';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A fold thread, from the main thread's side. It starts with the first request. */
export class FoldWorker {
  private worker: Worker | null = null;
  /** In the order of the requests, which is that of the answers. */
  private readonly waiting: Waiting[] = [];
  private ended: Error | null = null;
  private terminating = false;

  constructor(private readonly url: URL) {}

  get isUsable(): boolean {
    return this.ended === null && !this.terminating;
  }

  get isStarted(): boolean {
    return this.worker !== null;
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
      const worker = (this.worker ??= this.start());
      worker.ref();
      worker.postMessage(request, transfer); // may throw: then there is nothing to wait for
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  /** A thread that was not started has nothing to forget. */
  async reset(): Promise<void> {
    if (this.worker !== null) await this.ask({ kind: 'reset' });
  }

  async terminate(): Promise<void> {
    this.terminating = true;
    this.worker?.ref(); // nothing else may hold a process that waits for this
    await this.worker?.terminate();
    this.end(threadEnded());
  }

  private start(): Worker {
    const worker = new Worker(this.url);
    worker.unref(); // holds the process only while it works
    worker.on('message', (answer: unknown) => {
      this.waiting.shift()?.resolve(answer);
      if (this.waiting.length === 0 && !this.terminating) worker.unref();
    });
    worker.on('error', (error: Error) => {
      this.end(error);
    });
    worker.on('exit', () => {
      this.end(threadEnded());
    });
    return worker;
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}

const threadEnded = (): Error => new Error('the fold thread has ended');
