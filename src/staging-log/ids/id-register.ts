import type { DedupeIndex } from './dedupe-index.js';
import { MARKS_PER_RECORD, type RecordLines } from '../record-lines.port.js';
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

interface LentId {
  readonly id: string;
  readonly payload: string;
}

/**
 * Which ids are taken: by durable records (the index), and by records on their way to the disk. An
 * id in flight is only lent: when its commit fails it is free again, so that no id is ever
 * remembered for a record that was not stored.
 */
export class IdRegister {
  private readonly inFlight = new Map<string, string>();
  private readonly lent: LentId[] = [];

  /** @param now in seconds, from a clock that never goes back: the age of ids is measured by it. */
  constructor(
    private readonly index: DedupeIndex,
    private readonly now: () => number,
  ) {}

  /** Decides about records, and lends their ids to those that are new. */
  claim(lines: RecordLines): Claim {
    if (lines.idCount === 0) return NOTHING_CLAIMED;
    const before = this.lent.length;
    const outcomes: RecordOutcome[] = [];
    const refused: number[] = [];
    let waits = false;
    for (let index = 0; index < lines.count; index++) {
      const one = readLent(lines, index);
      const outcome = one === null ? 'appended' : this.claimOne(one);
      waits ||= one !== null && outcome !== 'appended' && this.inFlight.has(one.id);
      outcomes.push(outcome);
      if (outcome !== 'appended') refused.push(index);
    }
    return {
      outcomes: refused.length === 0 ? null : outcomes,
      refused,
      lent: this.lent.length - before,
      waits,
    };
  }

  /**
   * What was lent is given back in the order in which it was lent.
   * @param lent how many ids of one claim @param durable whether the records are, or else their commit failed.
   */
  settle(lent: number, durable: boolean): void {
    const now = this.now();
    for (const { id, payload } of this.lent.splice(0, lent)) {
      this.inFlight.delete(id);
      if (durable) this.index.add(id, payload, now);
    }
  }

  private claimOne(one: LentId): RecordOutcome {
    const { id, payload } = one;
    const other = this.inFlight.get(id);
    if (other !== undefined) return other === payload ? 'duplicate' : 'id-reused';
    const known = this.index.look(id, payload, this.now());
    if (known !== 'new') return known;
    this.inFlight.set(id, payload);
    this.lent.push(one);
    return 'appended';
  }
}

function readLent({ contents, marks, escapedIds }: RecordLines, index: number): LentId | null {
  const at = index * MARKS_PER_RECORD;
  const [idStart, idEnd, payloadStart, payloadEnd] = marks.subarray(at, at + MARKS_PER_RECORD);
  if (idStart === 0) return null;
  const id = escapedIds.get(index) ?? contents.toString('utf8', idStart, idEnd);
  return { id, payload: contents.toString('utf8', payloadStart, payloadEnd) };
}
