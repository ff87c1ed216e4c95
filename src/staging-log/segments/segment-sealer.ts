import type { ActiveSegment } from './active-segment.js';
import type { DedupeBounds, DedupeIndex } from '../ids/dedupe-index.js';
import { writeIdFile } from '../ids/id-file.js';
import type { LogFiles } from '../files/log-files.js';
import { idsPath, segmentPath } from '../files/log-layout.js';
import { makeSums, type Unsealed } from './open-segments.js';
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

interface Task {
  readonly path: string;
  readonly seal: () => Promise<void>;
  /** Resolves when no file of it is open. Never rejects. */
  readonly leave: () => Promise<void>;
}

const AGAIN_AFTER_MS = 5_000;

/**
 * Completes segments in the background, one after the other, oldest first: their ids, then their
 * checksums. What fails is tried again; what a crash or a full disk leaves undone, the next start does.
 */
export class SegmentSealer {
  private readonly waiting: Task[] = [];
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  /** @param unsealed what opening could not seal; it goes first. */
  constructor(
    private readonly options: SegmentSealerOptions,
    unsealed: readonly Unsealed[],
  ) {
    const { files } = options;
    for (const one of unsealed) {
      const path = segmentPath(one.directory, one.entry.first);
      const leave = (): Promise<void> => Promise.resolve();
      this.waiting.push({ path, seal: () => makeSums(files, one), leave });
    }
    if (unsealed.length > 0) this.beginLater();
  }

  add(finished: FinishedSegment): void {
    const { segment } = finished;
    // At once: however many wait, none of them holds a descriptor.
    const closed = segment.close().catch(() => undefined);
    const seal = async (): Promise<void> => {
      await closed;
      await this.seal(finished);
    };
    this.waiting.push({ path: segment.path, seal, leave: () => closed });
    this.begin();
  }

  /** Finishes what is under way, leaves the rest to the next start, and closes all files. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    for (const { leave } of this.waiting) await leave();
    this.waiting.length = 0;
  }

  private beginLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.begin();
    }, AGAIN_AFTER_MS).unref();
  }

  private begin(): void {
    if (this.running !== null || this.stopped) return;
    this.running = this.sealWaiting().finally(() => (this.running = null));
  }

  private async sealWaiting(): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined && !this.stopped; next = this.waiting[0]) {
      try {
        await next.seal();
      } catch (error) {
        const what = `the segment ${next.path} is not sealed yet: ${String(error)}`;
        this.options.report('warn', what);
        this.beginLater();
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
  }
}
