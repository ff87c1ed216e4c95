import { type DedupeIndex, RECORD_HASH_WORDS } from './dedupe-index.js';
import { NO_ENTRY } from './id-table.js';
import { MARKS_PER_RECORD, PAYLOAD_END_MARK, type RecordLines } from '../record-lines.port.js';
import { SPANS_MAX } from './sip-hash.js';
import type { RecordOutcome } from '../staging-log.port.js';

/** What the records of an append are. */
export interface Claim {
  /** One for each record; null when all of them are to be appended. */
  readonly outcomes: readonly RecordOutcome[] | null;
  /** The numbers of those that are not. */
  readonly refused: readonly number[];
  /** How many ids were lent. */
  readonly lent: number;
  /** Whether an answer must wait for a commit that is still in flight. */
  readonly waits: boolean;
}

const NOTHING_CLAIMED: Claim = { outcomes: null, refused: [], lent: 0, waits: false };
const RECORDS_AT_ONCE = SPANS_MAX / 2;
/** So that the memory of the hash stays small; one record more than that is taken. */
const BYTES_AT_ONCE = 256 * 1024;

/**
 * Which ids are taken: by durable records, and by records on their way to the disk. An
 * id in flight is only lent: when its commit fails it is free again, so that no id is ever
 * remembered for a record that was not stored. Each id and payload is hashed once.
 */
export class IdRegister {
  /** Of the records at hand: where ids and payloads are, and their numbers. */
  private readonly spans = new Int32Array(2 * SPANS_MAX);
  private readonly numbers = new Int32Array(RECORDS_AT_ONCE);
  private atHand = 0;
  private refused: number[] = [];
  private outcomes: RecordOutcome[] | null = null;
  private waits = false;

  /** @param now in seconds, from a clock that never goes back: the age of ids is measured by it. */
  constructor(
    private readonly index: DedupeIndex,
    private readonly now: () => number,
  ) {}

  /** How many ids are lent. */
  get lent(): number {
    return this.index.lentCount;
  }

  /**
   * Decides about records, and lends their ids to those that are new.
   * @throws for want of memory; then those that were lent in vain are to be taken back.
   */
  claim(lines: RecordLines): Claim {
    if (lines.idCount === 0) return NOTHING_CLAIMED;
    const { index, spans } = this;
    [this.refused, this.outcomes, this.waits] = [[], null, false];
    const now = this.now();
    for (let from = 0; from < lines.count;) {
      const id = lines.escapedIds.get(from);
      if (id === undefined) {
        from = this.takeInHand(lines, from);
        if (this.atHand === 0) continue; // none of those had an id
        this.decide(lines, index.hash.digest(lines.contents, spans, 2 * this.atHand), now);
      } else {
        this.numbers[0] = from;
        this.atHand = 1;
        this.decide(lines, index.hash.digestTexts(id, payloadOf(lines, from)), now);
        from += 1;
      }
    }
    const { refused, outcomes, waits } = this;
    return { outcomes, refused, lent: lines.idCount - refused.length, waits };
  }

  /** The youngest go back that were lent for nothing. @param lent how many there were before */
  takeBack(lent: number): void {
    this.index.takeLentBack(lent);
  }

  /**
   * What was lent is settled in the order in which it was lent; after a failure, all of it.
   * @param lent how many ids of one claim @param durable whether the records are, or else their commit failed.
   */
  settle(lent: number, durable: boolean): void {
    if (durable) this.index.keepLent(lent, this.now());
    else this.index.takeLentBack(0);
  }

  /** Finds records that can be hashed at once, from a number on. @returns the number where to go on */
  private takeInHand({ marks, count, escapedIds }: RecordLines, from: number): number {
    const { spans, numbers } = this;
    const isPlain = escapedIds.size === 0;
    const bytesEnd = (marks[from * MARKS_PER_RECORD + PAYLOAD_END_MARK] ?? 0) + BYTES_AT_ONCE;
    let [record, taken] = [from, 0];
    for (; record < count && taken < RECORDS_AT_ONCE; record++) {
      const at = record * MARKS_PER_RECORD;
      if ((marks[at + PAYLOAD_END_MARK] ?? 0) > bytesEnd) break;
      if (marks[at] === 0) continue;
      if (!isPlain && escapedIds.has(record)) break;
      for (let i = 0; i < MARKS_PER_RECORD; i++) {
        spans[taken * MARKS_PER_RECORD + i] = marks[at + i] ?? 0;
      }
      numbers[taken++] = record;
    }
    this.atHand = taken;
    return record;
  }

  /** @param hashes of the records at hand */
  private decide({ count }: RecordLines, hashes: Uint32Array, now: number): void {
    const { index, numbers } = this;
    index.lookAhead(hashes, this.atHand);
    for (let i = 0; i < this.atHand; i++) {
      const at = i * RECORD_HASH_WORDS;
      const sequence = index.find(hashes, at, now);
      if (sequence === NO_ENTRY) {
        index.lend(hashes, at);
        continue;
      }
      const number = numbers[i] ?? 0;
      this.outcomes ??= new Array<RecordOutcome>(count).fill('appended');
      this.outcomes[number] = index.hasContent(sequence, hashes, at) ? 'duplicate' : 'id-reused';
      this.refused.push(number);
      this.waits ||= sequence >= index.position;
    }
  }
}

function payloadOf({ contents, marks }: RecordLines, record: number): string {
  const at = record * MARKS_PER_RECORD;
  const [, , start, end] = marks.subarray(at, at + MARKS_PER_RECORD);
  return contents.toString('utf8', start, end);
}
