import type { LogFiles } from '../files/log-files.js';
import type { DiskSpace } from '../staging-log.port.js';
import type { SegmentWitness } from './segment-witness.js';

/** How often the ground is looked at. The contract allows 5 s until events are taken again. */
const LOOK_EVERY_MS = 1_000;

export interface GroundWatchOptions {
  readonly files: LogFiles;
  readonly directory: string;
  readonly diskFreeBytesMin: number;
  readonly witness: SegmentWitness;
  /** Told when the file is no longer in place, with why and what to do, and null when it is again. */
  readonly onTrouble: (trouble: string | null) => void;
}

/**
 * What the log stands on, looked at every second rather than at every append: whether the disk has
 * room to spare, and whether the file that is appended to is the one that the next start will find.
 */
export class GroundWatch {
  private seen: DiskSpace | null = null;
  private found: string | null = null;
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: GroundWatchOptions) {}

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => {
      this.looking ??= this.look().finally(() => (this.looking = null));
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  /** Resolves when no look is under way: the files may be closed then. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.looking;
  }

  /** Whether less is free than the watermark; not while that is unknown, the write itself will tell. */
  get low(): boolean {
    return this.seen !== null && this.seen.freeBytes < this.options.diskFreeBytesMin;
  }

  /** As it was a second ago at most; null while the system does not tell. */
  get space(): DiskSpace | null {
    return this.seen;
  }

  /** Why the file is not in place, and what to do; null when it is. */
  get trouble(): string | null {
    return this.found;
  }

  private async look(): Promise<void> {
    const { files, directory, witness, onTrouble } = this.options;
    this.seen = await files.diskSpace(directory).catch(() => null);
    const trouble = await witness.findTrouble();
    if (trouble !== this.found) onTrouble(trouble);
    this.found = trouble;
  }
}
