import { archiveSegment, readWholeSums } from './archive-segment.js';
import { LoadedMarks, type MarkedSegment } from './loaded-marks.js';
import type { LocalLogReader } from '../read/local-log-reader.js';
import type { LogFiles } from '../files/log-files.js';
import type { SegmentEntry } from '../files/log-layout.js';
import {
  LogRetention,
  type ReplaceFile,
  type RetentionAction,
  type RetentionRules,
  type RetirableSegment,
  type ShareFile,
} from '../log-retention.port.js';
import type { OwnerView } from '../segments/owner-view.js';
import { readRetirementNames, removeRetired, type RetirementNames } from './retire-files.js';
import type { SegmentAges } from './segment-ages.js';
import { ShareFiles } from './share-files.js';
import { toOffset, type Offset } from '../staging-log.port.js';

export interface LocalRetentionOptions {
  readonly files: LogFiles;
  readonly view: OwnerView;
  readonly reader: LocalLogReader;
  readonly ages: SegmentAges;
  /** The wall clock, in milliseconds. */
  readonly now?: (() => number) | undefined;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed?: (() => number) | undefined;
}

/**
 * Retirement of the oldest segments. Time is that of the wall clock when the log was opened, and of a
 * monotonic one since: so a wall clock that is put on makes a segment go no earlier than by that, and only
 * across a restart.
 */
export class LocalRetention extends LogRetention {
  /** Segments since the log was opened. */
  readonly retired: Record<RetentionAction, number> = { archive: 0, delete: 0 };
  private readonly stopping = new AbortController();
  private readonly clock: () => number;
  private readonly shareFiles: ShareFiles;
  private running: Promise<unknown> = Promise.resolve();
  private loaded: Offset | null = null;
  /** The smallest checkpoint that was told since the marks followed. */
  private lowest = Infinity;
  /** Retired ones, some of whose files may still be there. */
  private readonly remains = new Map<number, RetentionAction>();
  /** Null: nobody looked yet. */
  private marks: LoadedMarks | null = null;

  constructor(private readonly options: LocalRetentionOptions) {
    super();
    const { now = Date.now, elapsed = (): number => performance.now() } = options;
    const difference = now() - elapsed();
    this.clock = (): number => difference + elapsed();
    this.shareFiles = new ShareFiles(options.files, options.view.directory);
  }

  /** See `StagingLog.noteLoaded`. */
  noteLoaded(offset: Offset): void {
    this.loaded = offset;
    this.lowest = Math.min(this.lowest, offset);
  }

  /** Ends what is under way at its next block, and resolves when no file is used any more. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the staging log is closing'));
    await this.running.catch(() => undefined);
  }

  findRetirable(rules: RetentionRules): Promise<RetirableSegment | null> {
    return this.alone(async () => {
      const marks = (this.marks ??= await this.lookFirst(rules.action));
      await this.removeRemains();
      await this.followMarks(marks, rules.action);
      const segment = this.oldest(rules.action);
      if (segment === null || !(await this.isDue(segment, marks, rules))) return null;
      const { directory } = this.options.view;
      const { first, end, archived } = segment;
      if (!archived) await readWholeSums(this.options.files, { directory, first, end });
      return { first: toOffset(first), end: toOffset(end) };
    });
  }

  shares(): Promise<readonly ShareFile[]> {
    return this.alone(() => this.shareFiles.all());
  }

  putShare(
    offset: Offset,
    write: (path: string, replace: ReplaceFile) => Promise<void>,
  ): Promise<void> {
    return this.alone(() => this.shareFiles.put(offset, write, this.stopping.signal));
  }

  retire(
    { first, end }: RetirableSegment,
    { action, share }: { readonly action: RetentionAction; readonly share: Offset },
  ): Promise<boolean> {
    return this.alone(async () => {
      const segment = this.oldest(action);
      if (segment?.first !== first || segment.end !== end) return false;
      if (share < end || !(await this.shareFiles.isThere(share))) {
        throw new Error(`there is no share file of all before ${end}`);
      }
      if (!this.isLoadedBeyond(end)) return false;
      const { files, view, reader } = this.options;
      const { directory } = view;
      const { signal } = this.stopping;
      if (action === 'archive') await archiveSegment(files, { directory, first, end }, signal);
      if (!this.isLoadedBeyond(end)) return false; // an archive beside its segment is none
      // Readers are sent elsewhere before the file goes.
      if (action === 'archive') view.archived(first);
      else view.deletedOldest();
      this.retired[action] += 1;
      this.remains.set(first, action);
      reader.forget(segment);
      this.marks?.forget(first);
      await this.removeRemains();
      await this.shareFiles.removeBefore(share);
      return true;
    });
  }

  /** The one whose turn it is; null when only the active one is left. */
  private oldest(action: RetentionAction): (MarkedSegment & SegmentEntry) | null {
    for (const segment of this.sealedSegments(action)) {
      return this.options.view.isSealed(segment) ? segment : null;
    }
    return null;
  }

  /** All but the active one that are still to be retired, in order. */
  private *sealedSegments(action: RetentionAction): Generator<MarkedSegment & SegmentEntry> {
    const { segments } = this.options.view;
    for (const [at, { first, archived }] of segments.entries()) {
      const next = segments[at + 1];
      if (next === undefined) return;
      if (action === 'delete' || !archived) yield { first, archived, end: next.first };
    }
  }

  private isLoadedBeyond(end: number): boolean {
    return this.loaded !== null && Math.min(this.loaded, this.lowest) > end;
  }

  private async isDue(
    { first, end }: MarkedSegment,
    marks: LoadedMarks,
    { loadedForMs }: RetentionRules,
  ): Promise<boolean> {
    const { ages, reader } = this.options;
    const since = marks.since(first);
    if (!this.isLoadedBeyond(end) || since === null || this.loaded === null) return false;
    if (this.clock() - since < loadedForMs || !ages.isOutOfWindow(first)) return false;
    // What proves the checkpoint may stand far before it, where damage lies between.
    const [, at = this.loaded] = (await reader.fingerprintBefore(this.loaded)).split('@');
    return Number(at) > end;
  }

  private async followMarks(marks: LoadedMarks, action: RetentionAction): Promise<void> {
    if (this.loaded === null) return;
    const told = Math.min(this.loaded, this.lowest);
    await marks.follow(this.sealedSegments(action), told, this.stopping.signal);
    if (this.lowest === told) this.lowest = Infinity;
  }

  /** Lists the directory; all that comes after knows what is in it. */
  private async lookFirst(action: RetentionAction): Promise<LoadedMarks> {
    const { files, view } = this.options;
    const names = await readRetirementNames(files, view.directory);
    this.shareFiles.found(names.shares);
    for (const first of this.retiredBefore(names, action)) this.remains.set(first, 'archive');
    return new LoadedMarks(files, view.directory, this.clock, names.marked);
  }

  /** Of which segments a process before left side files. Of a lost one, they stay: they tell of it. */
  private retiredBefore({ orphans }: RetirementNames, action: RetentionAction): number[] {
    const { segments, start } = this.options.view;
    const isArchived = new Map(segments.map(({ first, archived }) => [first, archived]));
    return [...orphans].filter((first) => {
      const archived = isArchived.get(first);
      return archived === undefined ? first < start : archived && action === 'archive';
    });
  }

  private async removeRemains(): Promise<void> {
    const { files, view } = this.options;
    for (const [first, how] of this.remains) {
      this.stopping.signal.throwIfAborted();
      await removeRetired(files, { directory: view.directory, first }, how);
      this.remains.delete(first);
    }
  }

  /** One thing at a time, and nothing once the log closes. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.running.catch(() => undefined);
    const mine = before.then(() => {
      this.stopping.signal.throwIfAborted();
      return work();
    });
    this.running = mine;
    return mine;
  }
}
