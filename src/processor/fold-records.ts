import { isUtf8 } from 'node:buffer';
import { decodeRecord, decodeRecordText } from './fold-decode-record.js';
import { ExactSums } from './fold-exact-sums.js';

/** A record that the fold could not use. `start` and `end` are positions in the folded bytes. */
export interface UnusableRecord {
  readonly start: number;
  readonly end: number;
  readonly code: string;
  readonly message: string;
}

export interface FoldedBytes {
  readonly unusable: readonly UnusableRecord[];
  /** The position behind the last record that was folded. */
  readonly end: number;
}

const NEWLINE = 0x0a;

/**
 * The reduction of a batch: one exact, signed amount per user. Pure: bytes in, sums out. Its memory
 * depends on the number of distinct users, not of records.
 */
export class Fold {
  private readonly sums = new ExactSums();
  private eventCount = 0;
  private lastEventTimestamp: number | null = null;

  get users(): number {
    return this.sums.users;
  }

  get events(): number {
    return this.eventCount;
  }

  /** Of the last event in the log's order, in milliseconds since 1970. */
  get lastTimestamp(): number | null {
    return this.lastEventTimestamp;
  }

  /**
   * Adds whole records, each ended by `\n`; answers with those that can never be loaded. Ends early
   * when they are `unusableMax`: a chunk of nothing but line ends would be 262,144 of them.
   */
  add(bytes: Buffer, unusableMax = Infinity): FoldedBytes {
    const unusable: UnusableRecord[] = [];
    // Proved once for all lines: a Buffer for each was half of what the fold left to be collected.
    const isText = isUtf8(bytes);
    let start = 0;
    while (start < bytes.length && unusable.length < unusableMax) {
      const end = bytes.indexOf(NEWLINE, start);
      const record = isText
        ? decodeRecordText(bytes.toString('utf8', start, end))
        : decodeRecord(bytes.subarray(start, end));
      if (record.kind === 'unusable') {
        const { code, message } = record;
        unusable.push({ start, end: end + 1, code, message });
      } else {
        const { userId, name, value } = record.event;
        this.sums.add(userId, name === 'add_revenue' ? 1 : -1, value);
        this.eventCount += 1;
        this.lastEventTimestamp = record.timestamp;
      }
      start = end + 1;
    }
    return { unusable, end: start };
  }

  /** What each user's balance changes by, as an exact decimal. */
  deltas(): { readonly userId: string; readonly delta: string }[] {
    return Array.from(this.sums.decimals());
  }
}
