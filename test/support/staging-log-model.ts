import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  START_OF_LOG,
  type NewRecord,
  type Offset,
  type RecordOutcome,
} from '../../src/staging-log/staging-log.port.js';

/** A record that is in the log for good. */
export interface StoredRecord {
  readonly id: string | undefined;
  readonly payload: string;
  /** The line as it must be read, without its end. */
  readonly text: string;
  /** When it was appended, in ms of the true time. */
  readonly at: number;
  /** Which process appended it. */
  readonly process: number;
}

export interface IdWindow {
  readonly idsMax: number;
  readonly seconds: number;
}

/** What a staging log is: records in order, and those ids that a window of time and number remembers. */
export class LogModel {
  readonly records: StoredRecord[] = [];
  /** Where each record begins, and the end. */
  readonly offsets: Offset[] = [START_OF_LOG];
  /** Where the log begins: those before this one were deleted. */
  start = 0;
  /** Those before this one were deleted without a failure: they never come back. */
  gone = 0;
  /** Those before this one were out of the window and retired: wider bounds do not bring their ids back. */
  retired = 0;
  /** True time, in ms. */
  now = 1_763_800_000_000;
  process = 0;
  window: IdWindow = { idsMax: 0, seconds: 0 };

  /** What a record becomes that is appended now. */
  stored({ id, payload }: NewRecord): StoredRecord {
    const head = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
    const text = `{"timestamp":${this.now},${head}${payload.slice(1)}`;
    return { id, payload, text, at: this.now, process: this.process };
  }

  /**
   * What may be answered for a record. One answer, but at the edge of time: the age of an id is measured in
   * whole seconds, and one from before the last start may seem younger than it is.
   * @param claimed those before it that are on their way to the disk
   */
  allowed({ id, payload }: NewRecord, claimed: readonly NewRecord[]): Set<RecordOutcome> {
    if (id === undefined) return new Set(['appended']);
    const { idsMax, seconds } = this.window;
    const outcome = (other: NewRecord | StoredRecord): RecordOutcome =>
      other.payload === payload ? 'duplicate' : 'id-reused';
    const first = claimed.find((other) => other.id === id);
    if (first !== undefined) return new Set([outcome(first)]);
    const withIds = this.records.filter((stored) => stored.id !== undefined);
    const newest = idsMax === 0 ? [] : withIds.slice(-idsMax);
    const age = ({ at }: StoredRecord): number => (this.now - at) / 1000;
    const isGone = (one: StoredRecord): boolean =>
      one.process === this.process && age(one) >= seconds + 1;
    const candidates = newest.filter((one) => one.id === id && !isGone(one));
    const allowed = new Set(candidates.map(outcome));
    const isKnown = (one: StoredRecord): boolean =>
      age(one) <= seconds && this.records.indexOf(one) >= this.retired;
    if (!candidates.some(isKnown)) allowed.add('appended');
    return allowed;
  }

  offsetAt(index: number): Offset {
    const offset = this.offsets[index];
    assert(offset !== undefined, `no record ${index}`);
    return offset;
  }

  /** The record at a part of the log that is there, in percent. */
  indexOf(part: number): number {
    return this.start + Math.round((part / 100) * (this.records.length - this.start));
  }

  /** Whether one of the records up to an offset has an id that must still be known. */
  needsBefore(end: Offset): boolean {
    return this.records.some(
      (one, index) =>
        one.id !== undefined &&
        this.offsetAt(index) < end &&
        !this.allowed({ ...one, id: one.id }, []).has('appended') &&
        this.records.findLastIndex(({ id }) => id === one.id) === index,
    );
  }

  /** The fingerprint of the record at an index: of a long one, of its end. */
  fingerprint(index: number): string {
    const line = Buffer.from(`${this.records[index]?.text ?? ''}\n`);
    return createHash('sha256').update(line.subarray(-65_536)).digest('hex').slice(0, 32);
  }
}
