/**
 * The contract between ingest and processor: an ordered, durable, append-only log of records. It
 * knows neither what an event is nor that there is a database. Local files implement it here; a
 * distributed engine may do so later, which is why offsets mean nothing to anybody but the log.
 */

import type { HistogramFigures } from '../shared/histogram.js';
import type { NewRecord, RecordLines } from './record-lines.port.js';

export type { NewRecord } from './record-lines.port.js';

declare const offsetBrand: unique symbol;

/**
 * A record's place in the log: a growing integer that only the log interprets (local files: the
 * byte offset in the whole log). Exact up to 2^53; safe to print as a JSON number.
 */
export type Offset = number & { readonly [offsetBrand]: 'Offset' };

/** @throws RangeError for anything but a whole number from 0 to 2^53 - 1. */
export function toOffset(value: number | string): Offset {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`not an offset: ${String(value)}`);
  }
  return number as Offset;
}

export const START_OF_LOG: Offset = toOffset(0);

/**
 * What became of one record of an append.
 * `appended`: it is durable. `duplicate`: a record with this id and payload is durable already.
 * `id-reused`: a record with this id and another payload is there, so this one was not stored.
 */
export type RecordOutcome = 'appended' | 'duplicate' | 'id-reused';

/**
 * Why the log takes nothing at the moment.
 * `LOG_UNAVAILABLE`: a write or sync failed, and the log heals itself; or its file is not in place.
 * `DISK_FULL`: free space is below the watermark. `QUEUE_FULL`: more bytes wait for the disk than
 * the bound allows.
 * `BACKLOG_FULL`: more bytes wait for the load than the bound allows. `LOG_CLOSED`: shutting down.
 */
export type RefusalCode =
  'LOG_UNAVAILABLE' | 'DISK_FULL' | 'QUEUE_FULL' | 'BACKLOG_FULL' | 'LOG_CLOSED';

export type AppendResult =
  | { readonly kind: 'durable'; readonly outcomes: readonly RecordOutcome[] }
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      /** For the sender: what is wrong. */
      readonly message: string;
      /** When it is worth trying again. */
      readonly retryAfterSeconds: number;
    };

/** Whole records, in order, as they stand in the log. */
export interface RecordsChunk {
  readonly kind: 'records';
  /** One record a line, each ended by `\n`. Theirs who asked. */
  readonly bytes: Buffer;
  /** Where to read on. */
  readonly next: Offset;
  /** The offset of the record that begins at this position of `bytes`. */
  offsetAt(position: number): Offset;
}

/** A line too long to be a record of this system; read past it, keep its head. */
export interface OversizedChunk {
  readonly kind: 'oversized';
  readonly offset: Offset;
  readonly next: Offset;
  /** Its first bytes, at most 64 KiB. */
  readonly head: Buffer;
}

/**
 * A range that cannot be trusted or is not there: read past it, and keep what is known of it. It begins
 * and ends where records begin.
 */
export interface DamagedChunk {
  readonly kind: 'damaged';
  readonly offset: Offset;
  readonly next: Offset;
  /** The bytes do not match their checksum, or are not there. */
  readonly code: 'BLOCK_CORRUPT' | 'BLOCK_MISSING';
  /** For the operator: the file, the place in it, and what to do. */
  readonly message: string;
  /** What is there of it, at most 64 KiB. */
  readonly head: Buffer;
}

export type LogChunk = RecordsChunk | OversizedChunk | DamagedChunk | { readonly kind: 'end' };

/**
 * Whole records in blocks of a file, all of it durable and with checksums: another thread may read them by
 * itself, with `readExtent`, and what it proves is what `read` would give.
 */
export interface LogExtent {
  readonly from: Offset;
  readonly next: Offset;
  readonly path: string;
  /** Of the first block, in the file. */
  readonly position: number;
  /** So many bytes of the first block are before `from`. */
  readonly skip: number;
  /** Of the blocks, which follow each other. */
  readonly lengths: Uint32Array;
  /** CRC-32s, as zlib has them. */
  readonly crcs: Uint32Array;
}

/**
 * Whether the log is the one that an offset and a fingerprint were taken of. `same`: it has those
 * bytes there. `different`: it has others. `beyond-end`: it is shorter. `trimmed`: it begins later,
 * what was there is deleted. `damaged`: the bytes that would tell are gone.
 */
export type LogComparison = 'same' | 'different' | 'beyond-end' | 'trimmed' | 'damaged';

/** Reading: for the processor, and for tools beside a running application. */
export abstract class StagingLogReader {
  /** The UUID that tells this log from every other; a copied data directory carries it along. */
  abstract readonly identity: string;

  /**
   * The exclusive end of what is durable. Never moves back, and no reader gets a byte beyond it.
   */
  abstract endOffset(): Offset;

  /** Where the log begins: 0, or behind what retention deleted. Nothing before it can be read. */
  abstract startOffset(): Offset;

  /**
   * The records from `from` (a record's start) on: at least one if any is durable, else `end`. At
   * most about `bytesMax` bytes. Costs what it reads, however long the log is.
   * @throws when the file cannot be read.
   */
  abstract read(from: Offset, bytesMax: number): Promise<LogChunk>;

  /**
   * Where records from `from` (a record's start) on can be read by another thread: at most about `bytesMax`
   * bytes, and one block at least. Null where only `read` gives them: at the end, in archives, where a
   * checksum is missing, in engines that have no files. Reads nothing of the records.
   */
  abstract extentAt(from: Offset, bytesMax: number): Promise<LogExtent | null>;

  /**
   * What tells this place in this log from the same offset in another: 128 bits of SHA-256, as hex,
   * over the last readable record before `offset` (of a record over 64 KiB, its last 64 KiB). Where
   * damaged bytes follow that record, `@` and its end are added. Empty at offset 0. Costs one small read.
   * @throws when no record ends at `offset`, or when nothing readable is before it.
   */
  abstract fingerprintBefore(offset: Offset): Promise<string>;

  /** Compares with what `fingerprintBefore` said once, of this log or of another. */
  abstract compare(offset: Offset, fingerprint: string): Promise<LogComparison>;

  /** The `timestamp` of the record at `offset` in ms since 1970, or null when nothing is there. */
  abstract timestampAt(offset: Offset): Promise<number | null>;
}

/** Whether the log would take a record now. */
export type LogHealth =
  | { readonly kind: 'accepting' }
  | {
      readonly kind: 'refusing';
      readonly code: RefusalCode;
      readonly message: string;
    };

/** Of the file system that the log is on. */
export interface DiskSpace {
  /** What an ordinary user may still write to it. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What the log counts and measures; of what grows, since it was opened. */
export interface LogFigures {
  /** What waits for the disk, the commit in flight included. */
  readonly queue: { readonly bytes: number; readonly appends: number };
  /** From the call to its being durable; each append counts with the time of the first one of its commit. */
  readonly appendSeconds: HistogramFigures;
  /** Of the syncs of commits. */
  readonly syncSeconds: HistogramFigures;
  readonly ids: {
    readonly remembered: number;
    /** For how long an id is remembered for certain. */
    readonly windowSeconds: number;
  };
  /** How often the clock went back by more than is hidden. */
  readonly clockStepsBack: number;
  /** Segments, by what became of them. */
  readonly retired: { readonly archive: number; readonly delete: number };
}

/** The whole log, for the one process that owns it. */
export abstract class StagingLog extends StagingLogReader {
  /**
   * Appends in order, each record with the time of appending, and resolves when all of them are
   * durable, with one outcome for each in the same order. Or refuses them all: then none of them is
   * stored, and none will ever be read. Concurrent calls share one sync of the disk. Records of one
   * call are appended together and in order; a duplicate is answered only when the first is durable.
   * Never rejects for reasons of the disk.
   */
  abstract append(records: readonly NewRecord[]): Promise<AppendResult>;

  /**
   * The same, for records that are there as lines already, and without a copy of them. They belong to the log
   * until the answer; then nothing may be done with them but `clear`, whatever the answer is.
   */
  abstract appendLines(lines: RecordLines): Promise<AppendResult>;

  abstract health(): LogHealth;

  /** As it was seen a second ago at most; null while it is unknown. */
  abstract diskSpace(): DiskSpace | null;

  /** Costs nothing: made of numbers that are there. */
  abstract figures(): LogFigures;

  abstract size(): { readonly segments: number; readonly bytes: number };

  /**
   * The processor's word that everything before `offset` is committed in the database. The only way
   * the log learns it for certain. Until then it may have a hint of it from before it was opened, which is used
   * for the bound of the backlog and nothing else; without one, the backlog is unknown, and not refused for.
   */
  abstract noteLoaded(offset: Offset): void;

  /**
   * Takes no more, waits until what was taken is durable or refused, and closes the files.
   * Idempotent.
   */
  abstract close(): Promise<void>;
}
