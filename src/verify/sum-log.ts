import {
  toOffset,
  type LogChunk,
  type Offset,
  type RecordsChunk,
  type StagingLogReader,
} from '../staging-log/staging-log.port.js';
import { addToHour, hourOf, type HourSums } from './hour-sums.js';
import { linesOf, readChange } from './read-change.js';
import type { UserHourSums } from './user-hours.js';
import type { UserSums } from './user-sums.js';

/** A part of a log, from one record's start to another's. */
export interface LogPart {
  readonly log: StagingLogReader;
  readonly from: Offset;
  readonly to: Offset;
  /** What was never loaded because it was damaged, in order. Skipped, whether or not it is readable now. */
  readonly quarantined: readonly { readonly from: number; readonly to: number }[];
  /** The offsets of the corrections that are in the balances. Any other one was not counted at all. */
  readonly resubmitted: ReadonlySet<number>;
  /** Gets the events by user and hour, too. */
  readonly userHours?: UserHourSums | null;
}

export interface SummedPart {
  readonly events: number;
  /** Records that are no events, and quarantined ranges: each must be a dead letter. */
  readonly deadLetters: number;
  /** Of the events, whoever their users are. */
  readonly hourSums: HourSums;
}

/** Something that was loaded once cannot be read: what it added to the balances is unknown. */
export class LogDamagedError extends Error {
  readonly code = 'LOG_DAMAGED';

  constructor(from: number, to: number, why: string) {
    const message = `the range ${from} to ${to} of the staging log was loaded, but is damaged since, so what it added is unknown: ${why}; restore it from a backup`;
    super(message);
  }
}

/** Retention retired meanwhile what was to be read: whoever begins anew, begins behind it. */
export class LogMovedOnError extends Error {
  readonly code = 'LOG_MOVED_ON';

  constructor(offset: number, start: number) {
    super(
      `retention retired meanwhile what was to be read at offset ${offset}: the log begins at ${start} now; run it again`,
    );
  }
}

/** Small enough not to hold up a process that has other work, too. */
const READ_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * Adds the events of a part of the log, by user and by hour, without any code of the load.
 * @throws LogDamagedError when something in it that was loaded cannot be read; LogMovedOnError when it
 * was retired meanwhile.
 */
export async function sumLog(
  sums: UserSums,
  part: LogPart,
  onProgress: (done: number) => void,
): Promise<SummedPart> {
  const { userHours = null } = part;
  const totals: Totals = { sums, userHours, hourSums: new Map(), events: 0, deadLetters: 0 };
  let offset: number = part.from;
  for (const range of [...rangesWithin(part), null]) {
    const end = range?.from ?? part.to;
    while (offset < end) {
      const chunk = await readChunk(part.log, offset, Math.min(READ_BYTES, end - offset));
      const read = cut(chunk, offset, end);
      addRecords(totals, read, part.resubmitted);
      offset = read.next;
      await sums.makeRoom();
      await userHours?.sums.makeRoom();
      onProgress(offset);
    }
    if (range === null) break;
    totals.deadLetters += 1;
    offset = Math.max(offset, range.to);
  }
  const { events, deadLetters, hourSums } = totals;
  return { events, deadLetters, hourSums };
}

async function readChunk(
  log: StagingLogReader,
  offset: number,
  bytesMax: number,
): Promise<LogChunk> {
  try {
    return await log.read(toOffset(offset), bytesMax);
  } catch (error) {
    const start = log.startOffset();
    throw offset < start ? new LogMovedOnError(offset, start) : error;
  }
}

function rangesWithin({ from, to, quarantined }: LogPart): LogPart['quarantined'] {
  const within = quarantined.filter((range) => range.to > from && range.from < to);
  const cutRange = within.find((range) => range.from < from || range.to > to);
  if (cutRange === undefined) return within;
  const range = `${cutRange.from} to ${cutRange.to}`;
  throw new Error(`the quarantined range ${range} lies only partly between ${from} and ${to}`);
}

/** Records as they are in the log, or one line that is too long to be one. */
interface ReadRecords {
  readonly records: Pick<RecordsChunk, 'bytes' | 'offsetAt'> | null;
  readonly next: number;
}

/** Takes what is before `end` of it. */
function cut(chunk: LogChunk, offset: number, end: number): ReadRecords {
  if (chunk.kind === 'end') throw new Error(`the log ends at ${offset}, before ${end}`);
  if (chunk.kind === 'damaged') {
    throw new LogDamagedError(offset, Math.min(chunk.next, end), chunk.message);
  }
  const whole = chunk.kind === 'records' ? chunk : null;
  if (chunk.next <= end) return { records: whole, next: chunk.next };
  const bytes = whole?.bytes.subarray(0, end - offset);
  if (whole !== null && bytes?.at(-1) === NEWLINE) {
    return { records: { bytes, offsetAt: (position) => whole.offsetAt(position) }, next: end };
  }
  throw new LogDamagedError(offset, end, `no record ends at offset ${end}, where one ended once`);
}

/** What was found so far. */
interface Totals {
  readonly sums: UserSums;
  readonly userHours: UserHourSums | null;
  readonly hourSums: Map<number, bigint>;
  events: number;
  deadLetters: number;
}

function addRecords(
  totals: Totals,
  { records }: ReadRecords,
  resubmitted: LogPart['resubmitted'],
): void {
  if (records === null) {
    totals.deadLetters += 1;
    return;
  }
  let start = 0;
  for (const line of linesOf(records.bytes)) {
    const change = readChange(line);
    const counts = change?.isCorrection !== true || resubmitted.has(records.offsetAt(start));
    start += line.length + 1;
    if (change === null) {
      totals.deadLetters += 1;
    } else if (counts) {
      totals.events += 1;
      totals.sums.add(change.userId, change.amount);
      const hour = hourOf(change.timestamp);
      addToHour(totals.hourSums, hour, change.amount);
      totals.userHours?.add(change.userId, hour, change.amount);
    }
  }
}
