import type { Offset } from './staging-log.port.js';

/** What becomes of a segment that is old enough. */
export type RetentionAction = 'archive' | 'delete';

export interface RetentionRules {
  readonly action: RetentionAction;
  /** For so long a segment must be known to be loaded, in milliseconds. */
  readonly loadedForMs: number;
}

/** From its first record to its end. */
export interface RetirableSegment {
  readonly first: Offset;
  readonly end: Offset;
}

/** A share file in the directory of the log: of all before the offset. */
export interface ShareFile {
  readonly path: string;
  readonly offset: Offset;
}

/** Puts a whole file in its place, durably: the old one or the new one, whatever happens. */
export type ReplaceFile = (path: string, pieces: AsyncIterable<Buffer>) => Promise<void>;

/**
 * The oldest segments of a local log go, one at a time: to the archive, or for good. The log knows which of
 * them is sealed, loaded, and out of the window of ids; whoever asks knows what is quarantined, and how a
 * share file is written. Not part of StagingLog: another engine keeps its records by rules of its own.
 */
export abstract class LogRetention {
  /**
   * The oldest segment, if it may be retired by all that the log knows; else null. Meanwhile it takes down
   * since when segments are known to be loaded, and finishes what a retirement before had to leave: so it
   * is to be asked now and then.
   * @throws when the segment is due, but not in order, and when the disk fails.
   */
  abstract findRetirable(rules: RetentionRules): Promise<RetirableSegment | null>;

  /** Those that are there, newest first. */
  abstract shares(): Promise<readonly ShareFile[]>;

  /** Lets somebody write the share file of all before `offset`. A failure leaves none, and no part of one. */
  abstract putShare(
    offset: Offset,
    write: (path: string, replace: ReplaceFile) => Promise<void>,
  ): Promise<void>;

  /**
   * Archives or deletes the segment that `findRetirable` gave; older share files than the one that stands
   * for it go, too. Reads that are under way go on. After any failure the segment can be read as before, or
   * it is retired; and asking again does the rest.
   * @param share that holds it: at its end or behind
   * @returns false when it may not be retired any more: a smaller checkpoint was told.
   */
  abstract retire(
    segment: RetirableSegment,
    how: { readonly action: RetentionAction; readonly share: Offset },
  ): Promise<boolean>;
}
