import type { Offset, StagingLogReader } from '../../staging-log/staging-log.port.js';

const RECENT_MS = 1_000;

/** Tells whether events come in, from what it saw of the log's end whenever it was asked. */
export class LogGrowth {
  private end: Offset;
  private grewAt = -Infinity;

  constructor(private readonly log: Pick<StagingLogReader, 'endOffset'>) {
    this.end = log.endOffset();
  }

  /** Whether the log was seen to have grown within the last second. */
  isRecent(): boolean {
    const [end, now] = [this.log.endOffset(), performance.now()];
    if (end !== this.end) [this.end, this.grewAt] = [end, now];
    return now - this.grewAt < RECENT_MS;
  }
}
