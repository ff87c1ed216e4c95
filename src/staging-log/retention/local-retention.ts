import { archiveSegment, readWholeSums } from './archive-segment.js';
import { LoadedMarks, type MarkedSegment } from './loaded-marks.js';
import type { LocalLogReader } from '../read/local-log-reader.js';
import type { LogFiles } from '../files/log-files.js';
import { readLayout, sharePath, type SegmentEntry } from '../files/log-layout.js';
import {
  LogRetention,
  type ReplaceFile,
  type RetentionAction,
  type RetentionRules,
  type RetirableSegment,
  type ShareFile,
} from '../log-retention.port.js';
import type { OwnerView } from '../segments/owner-view.js';
import { findOrphans, removeRetired, replaceOrRemove, unlinkIfThere } from './retire-files.js';
import type { SegmentAges } from './segment-ages.js';
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
  private readonly stopping = new AbortController();
  private readonly clock: () => number;
  private readonly marks: LoadedMarks;
  private running: Promise<unknown> = Promise.resolve();
  private loaded: Offset | null = null;
  /** The smallest checkpoint that was told since the marks followed. */
  private lowest = Infinity;
  /** Retired ones, some of whose files may still be there; null: not looked for yet. */
  private remains: Map<number, RetentionAction> | null = null;

  constructor(private readonly options: LocalRetentionOptions) {
    super();
    const { now = Date.now, elapsed = (): number => performance.now() } = options;
    const difference = now() - elapsed();
    this.clock = (): number => difference + elapsed();
    this.marks = new LoadedMarks(options.files, options.view.directory, this.clock);
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
      await this.removeRemains(rules.action);
      await this.followMarks(rules.action);
      const segment = this.oldest(rules.action);
      if (segment === null || !(await this.isDue(segment, rules))) return null;
      const { directory } = this.options.view;
      const { first, end, archived } = segment;
      if (!archived) await readWholeSums(this.options.files, { directory, first, end });
      return { first: toOffset(first), end: toOffset(end) };
    });
  }

  async shares(): Promise<readonly ShareFile[]> {
    const { directory } = this.options.view;
    const { shares } = await readLayout(this.options.files, directory);
    return shares
      .map((offset) => ({ path: sharePath(directory, offset), offset: toOffset(offset) }))
      .reverse();
  }

  putShare(
    offset: Offset,
    write: (path: string, replace: ReplaceFile) => Promise<void>,
  ): Promise<void> {
    const { files, view } = this.options;
    const replace: ReplaceFile = (path, pieces) =>
      replaceOrRemove(files, path, untilAborted(pieces, this.stopping.signal));
    return this.alone(() => write(sharePath(view.directory, offset), replace));
  }

  retire(
    { first, end }: RetirableSegment,
    { action, share }: { readonly action: RetentionAction; readonly share: Offset },
  ): Promise<boolean> {
    return this.alone(async () => {
      const segment = this.oldest(action);
      if (segment?.first !== first || segment.end !== end) return false;
      if (share < end || !(await this.shares()).some(({ offset }) => offset === share)) {
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
      (this.remains ??= new Map<number, RetentionAction>()).set(first, action);
      reader.forget(segment);
      this.marks.forget(first);
      await this.removeRemains(action);
      for (const older of await this.shares()) {
        if (older.offset < share) await unlinkIfThere(files, older.path);
      }
      return true;
    });
  }

  /** The one whose turn it is; null when only the active one is left. */
  private oldest(action: RetentionAction): (MarkedSegment & SegmentEntry) | null {
    const candidates = this.sealedSegments(action);
    const [segment] = candidates;
    return segment !== undefined && this.options.view.isSealed(segment) ? segment : null;
  }

  /** All but the active one that are still to be retired. */
  private sealedSegments(action: RetentionAction): (MarkedSegment & SegmentEntry)[] {
    const { segments } = this.options.view;
    return segments
      .slice(0, -1)
      .map((entry, at) => ({ ...entry, end: segments[at + 1]?.first ?? entry.first }))
      .filter(({ archived }) => action === 'delete' || !archived);
  }

  private isLoadedBeyond(end: number): boolean {
    return this.loaded !== null && Math.min(this.loaded, this.lowest) > end;
  }

  private async isDue(
    { first, end }: MarkedSegment,
    { loadedForMs }: RetentionRules,
  ): Promise<boolean> {
    const { ages, reader } = this.options;
    const since = this.marks.since(first);
    if (!this.isLoadedBeyond(end) || since === null || this.loaded === null) return false;
    if (this.clock() - since < loadedForMs || !ages.isOutOfWindow(first)) return false;
    // What proves the checkpoint may stand far before it, where damage lies between.
    const [, at = this.loaded] = (await reader.fingerprintBefore(this.loaded)).split('@');
    return Number(at) > end;
  }

  private async followMarks(action: RetentionAction): Promise<void> {
    if (this.loaded === null) return;
    const told = Math.min(this.loaded, this.lowest);
    await this.marks.follow(this.sealedSegments(action), told);
    if (this.lowest === told) this.lowest = Infinity;
  }

  private async removeRemains(action: RetentionAction): Promise<void> {
    const { files, view } = this.options;
    const { directory } = view;
    if (this.remains === null) {
      const orphans = (await findOrphans(files, directory)).filter((first) => {
        const entry = view.segments.find((one) => one.first === first);
        return entry === undefined ? first < view.start : entry.archived && action === 'archive';
      });
      this.remains = new Map(orphans.map((first) => [first, 'archive']));
    }
    for (const [first, how] of this.remains) {
      await removeRetired(files, { directory, first }, how);
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

async function* untilAborted(
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}
