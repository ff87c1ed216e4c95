import type { Offset, StagingLogReader } from '../../staging-log/staging-log.port.js';

const RECENT_MS = 1_000;

/** Tells whether events come in, from what it saw of the log's end whenever it looked. */
export class LogGrowth {
  private end: Offset;
  private grewAt = -Infinity;

  constructor(private readonly log: Pick<StagingLogReader, 'endOffset'>) {
    this.end = log.endOffset();
  }

  look(): void {
    const end = this.log.endOffset();
    if (end !== this.end) [this.end, this.grewAt] = [end, performance.now()];
  }

  /** Looks, too. Whether the log was seen to have grown within the last second. */
  isRecent(): boolean {
    this.look();
    return performance.now() - this.grewAt < RECENT_MS;
  }
}
