import { fractionMicros } from '../../shared/event/amount.js';
import type { RevenueEvent } from '../../shared/event/event.js';
import { parseCorrectionId, type DeadLetterPlace } from '../../shared/event/reserved-id.js';
import { decodeRecord } from './decode-record.js';
import { createFoldWindow, type FoldWindow } from './fold-window.js';
import { HourTable, hoursOf } from './hour-table.js';
import { RecordScanner } from './scan-records.js';
import { appendHour, HOUR_TAIL_BYTES, hashOfUserHour } from './user-hour-key.js';
import { UserTable } from './user-table.js';

/** A record that the fold could not use. `start` and `end` are positions in the folded bytes. */
export interface UnusableRecord {
  readonly start: number;
  readonly end: number;
  readonly code: string;
  readonly message: string;
}

/** A record that corrects a dead letter: not in the sums, since only the database knows whether it counts. */
export interface CorrectingRecord {
  /** A position in the folded bytes. */
  readonly start: number;
  readonly deadLetter: DeadLetterPlace;
  readonly event: RevenueEvent;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
}

export interface FoldedBytes {
  readonly unusable: readonly UnusableRecord[];
  readonly corrections: readonly CorrectingRecord[];
  /** The position behind the last record that was folded. */
  readonly end: number;
  /** Of the last event in the log's order, in milliseconds since 1970; null without any. */
  readonly lastTimestamp: number | null;
}

const NEWLINE = 0x0a;
/** `{"timestamp":` */
const TIMESTAMP_START = 13;
const USER_ID_BYTES_MAX = 4 * 255;

/**
 * The reduction of a batch: one exact, signed amount per user, and one per hour. Pure: bytes in, sums out. Its memory
 * depends on the number of distinct users and hours, not of records. By hour, the table has one sum per user and hour, and
 * what it folds is written over: see `RecordScanner`.
 */
export class Fold {
  readonly table: UserTable;
  readonly hours = new HourTable();
  private readonly scanner: RecordScanner;
  private readonly key = createFoldWindow(USER_ID_BYTES_MAX + HOUR_TAIL_BYTES);
  private decodedEvents = 0;

  /** @param byHour whether sums are by user and hour: see `HOUR_TAIL_BYTES` */
  constructor(readonly byHour = false) {
    this.table = byHour ? new UserTable(hashOfUserHour) : new UserTable();
    this.scanner = new RecordScanner(this.table, this.hours, byHour);
  }

  /** Distinct ones; by hour, of users and hours. */
  get users(): number {
    return this.table.users;
  }

  /** Without corrections. */
  get events(): number {
    return this.scanner.events + this.decodedEvents;
  }

  /**
   * Adds whole records, each ended by `\n`, that lie at the start of a window; answers with those that
   * can never be loaded and those that are corrections. Ends early when both together are `setAsideMax`: a chunk
   * of nothing but line ends would be 262,144 of them.
   */
  add(window: FoldWindow, length: number, setAsideMax = Infinity): FoldedBytes {
    const unusable: UnusableRecord[] = [];
    const corrections: CorrectingRecord[] = [];
    const { scanner } = this;
    const { bytes } = window;
    scanner.begin(window, length);
    let [decodedLast, lastTimestamp, at]: [number, number | null, number] = [-1, null, 0];
    while (unusable.length + corrections.length < setAsideMax) {
      at = scanner.scan(at);
      if (at === length) break;
      const start = at;
      at = bytes.indexOf(NEWLINE, start) + 1;
      const record = decodeRecord(bytes.subarray(start, at - 1));
      if (record.kind === 'unusable') {
        unusable.push({ start, end: at, code: record.code, message: record.message });
        continue;
      }
      const { event, timestamp } = record;
      decodedLast = start;
      lastTimestamp = timestamp;
      const deadLetter = event.id === undefined ? null : parseCorrectionId(event.id);
      if (deadLetter === null) this.addEvent(event, timestamp);
      else corrections.push({ start, deadLetter, event, timestamp });
    }
    if (scanner.lastEvent > decodedLast) {
      lastTimestamp = readTimestamp(bytes, scanner.lastEvent);
    }
    return { unusable, corrections, end: at, lastTimestamp };
  }

  /** Adds an event that did not come in bytes. @param timestamp of its record, in milliseconds since 1970 */
  addEvent({ userId, name, value }: RevenueEvent, timestamp: number): void {
    const { bytes, view } = this.key;
    const hour = hoursOf(timestamp);
    const idLength = bytes.write(userId);
    const length = this.byHour ? appendHour(bytes, idLength, hour) : idLength;
    const sign = name === 'add_revenue' ? 1 : -1;
    const { table } = this;
    const entry = table.place(view, 0, length, table.hashOf(view, 0, length));
    const [wholes, micros] = [sign * Math.trunc(value), sign * fractionMicros(value)];
    table.add(entry, wholes, micros);
    this.hours.add(this.hours.place(hour), wholes, micros);
    this.decodedEvents += 1;
  }
}

/** Of a line that the scanner took. */
function readTimestamp(bytes: Buffer, line: number): number {
  const start = line + TIMESTAMP_START;
  return Number(bytes.toString('latin1', start, start + 13));
}
