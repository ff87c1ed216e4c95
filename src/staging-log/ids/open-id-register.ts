import { join } from 'node:path';
import { DedupeIndex, type DedupeBounds } from './dedupe-index.js';
import { INHERITED_FILE } from '../files/epoch-files.js';
import { loadIdFile, readIdFileHeader, writeIdFile, type IdFileState } from './id-file.js';
import { IdRegister } from './id-register.js';
import type { LogFiles } from '../files/log-files.js';
import { openLogKey } from './log-key.js';
import { LogTime } from './log-time.js';
import { rememberIds } from './remember-ids.js';

/** Those are all that is left of it: bounds that became wider since cannot ask for more. */
const NO_BOUNDS: DedupeBounds = { idsMax: 0, windowSeconds: 0 };

export interface SegmentIds {
  readonly first: number;
  readonly length: number;
  readonly idsPath: string;
  /** Whether it has an `.ids`, or should have one. */
  readonly sealed: boolean;
  /**
   * All bytes of the segment that can be read, whole lines, in order; the consumer may overwrite a
   * piece, and is done with it before it asks for the next one. A number stands for so many bytes that
   * are sound, but hold no record.
   */
  readonly pieces: () => AsyncIterable<Buffer | number>;
}

export interface IdRegisterOptions {
  readonly files: LogFiles;
  /** Where `log.key` and `inherited.ids` are. */
  readonly directory: string;
  /** All of the log, oldest first. */
  readonly segments: readonly SegmentIds[];
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** A monotonic clock, in milliseconds since whenever. */
  readonly elapsed?: (() => number) | undefined;
}

/** What the index knows of a segment. */
export interface SegmentPlace {
  readonly first: number;
  /** `position` of the index before its first id. */
  readonly startPosition: number;
  /** Log time when it begins, and at its last record. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Of its last record, or of one before it, in milliseconds; 0 when there is none. */
  readonly lastTimestamp: number;
}

export interface OpenedIds {
  readonly register: IdRegister;
  readonly index: DedupeIndex;
  /** Log time now, in seconds. */
  readonly now: () => number;
  /** Of the segments whose ids may be within the window; the last one is always among them. */
  readonly segments: readonly SegmentPlace[];
}

/**
 * The register of the ids that the log holds. Their age is what records tell of it up to the newest
 * one, and what a monotonic clock tells from now on: never a difference to the wall clock, which may
 * be put on by a day between an event and its retry. Sealed segments tell their ids in `.ids`; one
 * without a usable file is read itself, and its file is made anew. So every id comes from a record
 * that is in the log, and whatever became of the files, none within the window is missing.
 */
export async function openIdRegister(options: IdRegisterOptions): Promise<OpenedIds> {
  const { elapsed = () => performance.now() } = options;
  const loading = new IdLoading(
    options,
    await openLogKey(options.files, options.directory, options.report),
  );
  const segments = await loading.run();
  const { index, time } = loading;
  const openedAt = elapsed();
  const now = (): number => time.seconds + (elapsed() - openedAt) / 1000;
  return { register: new IdRegister(index, now), index, now, segments };
}

interface PlannedSegment {
  readonly segment: SegmentIds;
  readonly file: IdFileState | null;
}

class IdLoading {
  readonly index: DedupeIndex;
  readonly time: LogTime;
  private readonly bounds: DedupeBounds;

  constructor(
    private readonly options: IdRegisterOptions,
    private readonly key: Buffer,
  ) {
    const { dedupeIdsMax: idsMax, dedupeWindowSeconds: windowSeconds } = options;
    this.bounds = { idsMax, windowSeconds };
    this.index = new DedupeIndex(this.bounds, key);
    this.time = new LogTime(windowSeconds);
  }

  async run(): Promise<SegmentPlace[]> {
    const { planned, isFull } = await this.plan();
    this.index.reserve(expectedIds(planned));
    if (!isFull) await this.loadInherited();
    const places: SegmentPlace[] = [];
    for (const one of planned) places.push(await this.load(one));
    return places;
  }

  /**
   * Goes back from the newest segment until those found have a whole window of time or number. A
   * segment without a header that is true counts as having nothing.
   */
  private async plan(): Promise<{ planned: PlannedSegment[]; isFull: boolean }> {
    const { idsMax, windowSeconds } = this.bounds;
    const planned: PlannedSegment[] = [];
    let [seconds, ids, isFull] = [0, 0, false];
    for (const segment of this.options.segments.toReversed()) {
      const { first, length, idsPath, sealed } = segment;
      const file = sealed ? await this.header(idsPath, { first, length }) : null;
      planned.push({ segment, file });
      if (file?.kind === 'usable' || file?.kind === 'outdated') {
        seconds += file.header.seconds;
        ids += file.header.count;
      }
      // The index tells ages in whole seconds.
      isFull = seconds >= windowSeconds + 1 || ids >= idsMax;
      if (isFull) break;
    }
    return { planned: planned.reverse(), isFull };
  }

  private header(
    path: string,
    {
      first,
      length,
      bounds = this.bounds,
    }: { first: number; length: number; bounds?: DedupeBounds },
  ): Promise<IdFileState> {
    return readIdFileHeader(this.options.files, path, { first, length, key: this.key, bounds });
  }

  private async loadInherited(): Promise<void> {
    const path = join(this.options.directory, INHERITED_FILE);
    const file = await this.header(path, { first: 0, length: 0, bounds: NO_BOUNDS });
    if (file.kind === 'missing') return;
    const damage = await this.loadFile(path, file);
    if (damage === null) return;
    this.options.report('error', `ids taken over are not known, in ${path}: ${damage}`);
  }

  private async load({ segment, file }: PlannedSegment): Promise<SegmentPlace> {
    const startPosition = this.index.position;
    const startSeconds = this.time.seconds;
    const problem = file === null ? null : await this.loadFile(segment.idsPath, file);
    const isWhole = file !== null && problem === null ? true : await this.readSegment(segment);
    const { seconds: endSeconds, lastTimestamp } = this.time;
    const place = { first: segment.first, startPosition, startSeconds, endSeconds, lastTimestamp };
    if (problem !== null) await this.makeFile(segment, { place, problem, isWhole });
    return place;
  }

  /** @returns null, or why nothing was loaded. */
  private async loadFile(path: string, file: IdFileState): Promise<string | null> {
    if (file.kind !== 'usable') return file.reason;
    const { index, bounds, options } = this;
    const { header } = file;
    const startSeconds = this.time.seconds;
    const into = { index, header, startSeconds, idsMax: bounds.idsMax };
    const damage = await loadIdFile(options.files, path, into);
    if (damage === null) this.time.pass(header.seconds, header.lastTimestamp);
    return damage;
  }

  /** @returns whether all of it could be read. */
  private async readSegment({ pieces, length }: SegmentIds): Promise<boolean> {
    let bytesRead = 0;
    for await (const piece of pieces()) {
      bytesRead += typeof piece === 'number' ? piece : piece.length;
      if (typeof piece !== 'number') rememberIds(piece, this.index, this.time);
    }
    return bytesRead === length;
  }

  private async makeFile(
    { first, length, idsPath }: SegmentIds,
    { place, problem, isWhole }: { place: SegmentPlace; problem: string; isWhole: boolean },
  ): Promise<void> {
    const { index, bounds, options } = this;
    const { startPosition: from, startSeconds, endSeconds, lastTimestamp } = place;
    const told = `the ids of ${idsPath} were read from its segment (${problem})`;
    if (!isWhole) {
      // What cannot be read may be restored, and then a file without its ids must not be there.
      options.report('warn', `${told}, and not written: parts of the segment cannot be read`);
      return;
    }
    const facts = { first, length, seconds: endSeconds - startSeconds, lastTimestamp };
    const to = index.position;
    try {
      await writeIdFile(options.files, idsPath, { index, from, to, startSeconds, facts, bounds });
      options.report('info', `${told}, and written anew`);
    } catch (error) {
      options.report('warn', `${told}, and cannot be written: ${String(error)}`);
    }
  }
}

/** How many ids there will be: as told by files, and as many a byte in what has none. */
function expectedIds(planned: readonly PlannedSegment[]): number {
  let [known, knownBytes, otherBytes] = [0, 0, 0];
  for (const { segment, file } of planned) {
    if (file?.kind === 'usable') {
      known += file.header.count;
      knownBytes += segment.length;
    } else {
      otherBytes += segment.length;
    }
  }
  return known + Math.ceil(otherBytes * (known / Math.max(1, knownBytes)));
}
