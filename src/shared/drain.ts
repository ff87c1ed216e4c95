import { Injectable } from '@nestjs/common';

/**
 * Whether the process is shutting down: readiness says so first, then whoever starts long work asks
 * before starting more.
 */
@Injectable()
export class Drain {
  private readonly controller = new AbortController();

  /** Aborted when the process begins to shut down. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get begun(): boolean {
    return this.controller.signal.aborted;
  }

  begin(): void {
    this.controller.abort();
  }
}
