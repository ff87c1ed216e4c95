import type { LogFiles } from '../files/log-files.js';
import type { SegmentEntry } from '../files/log-layout.js';
import type { LogView } from './log-view.js';
import { ArchiveSource, PlainSource, type SegmentSource } from './segment-source.js';

const OPEN_MAX = 8;

interface Opened {
  readonly entry: SegmentEntry;
  readonly source: Promise<SegmentSource>;
  readonly underWay: Set<Promise<unknown>>;
}

/** The segments that were read last, open: at most a handful of descriptors, however long the log is. */
export class SegmentCache {
  private readonly opened = new Map<string, Opened>();
  private readonly closing = new Set<Promise<unknown>>();
  private closed = false;

  constructor(
    private readonly files: LogFiles,
    private readonly view: LogView,
  ) {}

  /**
   * Works on a segment, which stays open meanwhile. Null when its file is not there.
   * @throws when the cache is closed.
   */
  async use<T>(
    entry: SegmentEntry,
    work: (source: SegmentSource) => Promise<T>,
  ): Promise<T | null> {
    if (this.closed) throw new Error('the staging log is closed, nothing can be read any more');
    const opened = this.take(entry);
    const working = this.work(opened, work);
    opened.underWay.add(working); // in the same turn: whoever drops it now must wait for this
    try {
      return await working;
    } finally {
      opened.underWay.delete(working);
    }
  }

  /** Opens a segment before it is needed. @throws when that is not possible. */
  async prepare(entry: SegmentEntry): Promise<void> {
    await this.use(entry, () => Promise.resolve());
  }

  /** Gives a segment's descriptor back, and with it the space of a removed file, when no read needs it any more. */
  forget(entry: SegmentEntry): void {
    this.drop(keyOf(entry));
  }

  /** Waits for reads under way: a descriptor's number soon belongs to a file of somebody else. */
  async close(): Promise<void> {
    this.closed = true;
    for (const key of [...this.opened.keys()]) this.drop(key);
    await Promise.all(this.closing);
  }

  private async work<T>(
    { entry, source }: Opened,
    work: (source: SegmentSource) => Promise<T>,
  ): Promise<T | null> {
    try {
      await source;
    } catch (error) {
      this.drop(keyOf(entry));
      // One that is in use here was moved away just now: it may come back, and is not lost.
      if (!this.isMissing(error) || this.isLive(entry)) throw error;
      return null;
    }
    return work(await source);
  }

  private take(entry: SegmentEntry): Opened {
    const key = keyOf(entry);
    const known = this.opened.get(key);
    const opened = known ?? { entry, source: this.open(entry), underWay: new Set() };
    this.opened.delete(key);
    this.opened.set(key, opened); // the last one is the one used last
    if (this.opened.size > OPEN_MAX) this.dropOldest();
    return opened;
  }

  private dropOldest(): void {
    const oldest = [...this.opened].find(
      ([, { entry }]) => entry.archived || !this.view.isActive(entry.first),
    );
    if (oldest !== undefined) this.drop(oldest[0]);
  }

  private isLive({ first, archived }: SegmentEntry): boolean {
    return !archived && this.view.liveBlocks(first) !== null;
  }

  private isMissing(error: unknown): boolean {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }

  private async open(entry: SegmentEntry): Promise<SegmentSource> {
    const place = { directory: this.view.directory, first: entry.first };
    if (entry.archived) return ArchiveSource.open(this.files, place);
    return PlainSource.open(this.files, place, () => this.view.liveBlocks(entry.first));
  }

  private drop(key: string): void {
    const opened = this.opened.get(key);
    if (opened === undefined) return;
    this.opened.delete(key);
    const closing = (async () => {
      await Promise.allSettled(opened.underWay);
      await opened.source.then((source) => source.close()).catch(() => undefined);
    })();
    this.closing.add(closing);
    void closing.finally(() => this.closing.delete(closing));
  }
}

const keyOf = ({ first, archived }: SegmentEntry): string =>
  `${first}${archived ? ' archived' : ''}`;
