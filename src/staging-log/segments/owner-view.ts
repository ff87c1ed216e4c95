import type { ActiveSegment } from './active-segment.js';
import type { Block } from '../blocks/block-cutter.js';
import { archivePath, type SegmentEntry } from '../files/log-layout.js';
import type { LogView } from '../read/log-view.js';

/** The view of the process that owns the log, which knows without looking. */
export class OwnerView implements LogView {
  readonly directory: string;
  readonly identity: string;
  private readonly sealing = new Map<number, readonly Block[]>();
  private activeSegment: ActiveSegment;
  private startOffset: number;

  /** @param entries in order; the last one is the active segment. */
  constructor(
    { directory, identity }: { readonly directory: string; readonly identity: string },
    private entries: readonly SegmentEntry[],
    { active, start }: { readonly active: ActiveSegment; readonly start: number },
  ) {
    this.directory = directory;
    this.identity = identity;
    this.activeSegment = active;
    this.startOffset = start;
  }

  get segments(): readonly SegmentEntry[] {
    return this.entries;
  }

  get active(): ActiveSegment {
    return this.activeSegment;
  }

  get start(): number {
    return this.startOffset;
  }

  get end(): number {
    return this.activeSegment.end;
  }

  liveBlocks(first: number): readonly Block[] | null {
    if (first === this.activeSegment.first) return this.activeSegment.blocks;
    return this.sealing.get(first) ?? null;
  }

  isActive(first: number): boolean {
    return first === this.activeSegment.first;
  }

  /**
   * Nothing has changed but by this process. Whether the directory is still there, the active segment tells: one
   * that is unmounted or moved away for a moment has lost nothing. Archives may be kept elsewhere.
   */
  async refresh(missing: SegmentEntry | null): Promise<void> {
    await this.activeSegment.assertInPlace();
    if (missing?.archived !== true) return;
    throw new Error(`the archive ${archivePath(this.directory, missing.first)} is not there`);
  }

  /** A new segment follows the active one, whose checksums are not all on the disk yet. */
  rotate(next: ActiveSegment): void {
    this.sealing.set(this.activeSegment.first, this.activeSegment.blocks);
    this.activeSegment = next;
    this.entries = [...this.entries, { first: next.first, archived: false }];
  }

  sealed(first: number): void {
    this.sealing.delete(first);
  }

  isSealed({ first }: SegmentEntry): boolean {
    return this.liveBlocks(first) === null;
  }

  /** A sealed segment is only in the archive now. */
  archived(first: number): void {
    this.entries = this.entries.map((entry) =>
      entry.first === first ? { first, archived: true } : entry,
    );
  }

  /** The oldest segment is gone: the log begins behind it. */
  deletedOldest(): void {
    this.entries = this.entries.slice(1);
    this.startOffset = this.entries[0]?.first ?? this.startOffset;
  }
}
