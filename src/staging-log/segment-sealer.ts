import type { ActiveSegment } from './active-segment.js';
import type { DedupeBounds, DedupeIndex } from './dedupe-index.js';
import { writeIdFile } from './id-file.js';
import type { LogFiles } from './log-files.js';
import { idsPath } from './log-layout.js';
import type { OwnerView } from './owner-view.js';

/** A segment that takes no more, and which entries of the index are its own. */
export interface FinishedSegment {
  readonly segment: ActiveSegment;
  readonly from: number;
  readonly to: number;
  readonly startSeconds: number;
  readonly seconds: number;
  readonly lastTimestamp: number;
}

export interface SegmentSealerOptions {
  readonly files: LogFiles;
  readonly directory: string;
  readonly view: OwnerView;
  readonly index: DedupeIndex;
  readonly bounds: DedupeBounds;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
}

const AGAIN_AFTER_MS = 5_000;

/**
 * Completes segments in the background, one after the other, oldest first: their ids, then their
 * checksums. What fails is tried again; what a crash or a full disk leaves undone, the next start does.
 */
export class SegmentSealer {
  private readonly waiting: FinishedSegment[] = [];
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: SegmentSealerOptions) {}

  add(finished: FinishedSegment): void {
    this.waiting.push(finished);
    this.begin();
  }

  /** Finishes what is under way, leaves the rest to the next start, and closes all files. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    for (const { segment } of this.waiting) await segment.close().catch(() => undefined);
    this.waiting.length = 0;
  }

  private begin(): void {
    if (this.running !== null || this.stopped) return;
    this.running = this.sealWaiting().finally(() => (this.running = null));
  }

  private async sealWaiting(): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined && !this.stopped; next = this.waiting[0]) {
      try {
        await this.seal(next);
      } catch (error) {
        const what = `the segment ${next.segment.path} is not sealed yet: ${String(error)}`;
        this.options.report('warn', what);
        this.timer = setTimeout(() => {
          this.begin();
        }, AGAIN_AFTER_MS).unref();
        return;
      }
      this.waiting.shift();
    }
  }

  private async seal({
    segment,
    startSeconds,
    from,
    to,
    ...facts
  }: FinishedSegment): Promise<void> {
    const { files, directory, view, index, bounds } = this.options;
    const { first, length } = segment;
    await writeIdFile(files, idsPath(directory, first), {
      ...{ index, from, to, startSeconds, bounds },
      facts: { first, length, ...facts },
    });
    await segment.seal();
    view.sealed(first);
    await segment.release().catch(() => undefined);
  }
}
