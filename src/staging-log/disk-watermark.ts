import type { LogFiles } from './log-files.js';

/** How often free space is looked at. The contract allows 5 s until events are taken again. */
const LOOK_EVERY_MS = 1_000;

/** Whether the disk has room to spare, looked at every second rather than at every append. */
export class DiskWatermark {
  private free: number | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly files: LogFiles,
    private readonly path: string,
    private readonly freeBytesMin: number,
  ) {}

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Bytes free at the last look; null while unknown, which refuses nothing. */
  get freeBytes(): number | null {
    return this.free;
  }

  get low(): boolean {
    return this.free !== null && this.free < this.freeBytesMin;
  }

  private async look(): Promise<void> {
    try {
      this.free = await this.files.freeBytes(this.path);
    } catch {
      this.free = null; // the write itself will tell
    }
  }
}
