import type { Block } from '../blocks/block-cutter.js';
import type { LogFiles } from '../files/log-files.js';
import { readLayout, startOf, type SegmentEntry } from '../files/log-layout.js';

/** Which segments there are, and how far they may be read. */
export interface LogView {
  readonly identity: string;
  readonly directory: string;
  /** In order; each ends where the next one begins, the last one at `end`. */
  readonly segments: readonly SegmentEntry[];
  readonly start: number;
  /** Of what is durable. */
  readonly end: number;
  /** Of a segment whose checksums are not all on the disk yet; else null. */
  liveBlocks(first: number): readonly Block[] | null;
  /** Whether it is appended to here: then it is read through what is open, if somebody moves it away. */
  isActive(first: number): boolean;
  /**
   * Looks again, when a segment (null: whatever should be there) is not where it should be.
   * @throws when that proves nothing, because more than the segment is away for now.
   */
  refresh(missing: SegmentEntry | null): Promise<void>;
}

/** The view of a process that does not own the log: as the names in the directory tell. */
export class DirectoryView implements LogView {
  private known: { readonly segments: readonly SegmentEntry[]; readonly start: number } = {
    segments: [],
    start: 0,
  };

  private constructor(
    private readonly files: LogFiles,
    readonly directory: string,
    readonly identity: string,
    private readonly durableEnd: () => number,
  ) {}

  static async open(
    files: LogFiles,
    log: { readonly directory: string; readonly identity: string },
    durableEnd: () => number,
  ): Promise<DirectoryView> {
    const view = new DirectoryView(files, log.directory, log.identity, durableEnd);
    await view.refresh();
    return view;
  }

  get segments(): readonly SegmentEntry[] {
    return this.known.segments;
  }

  get start(): number {
    return this.known.start;
  }

  get end(): number {
    return this.durableEnd();
  }

  liveBlocks(): null {
    return null;
  }

  isActive(): boolean {
    return false;
  }

  async refresh(): Promise<void> {
    const layout = await readLayout(this.files, this.directory);
    this.known = { segments: layout.segments, start: startOf(layout) };
  }
}
