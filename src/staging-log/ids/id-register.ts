import type { DedupeIndex } from './dedupe-index.js';
import type { NewRecord, RecordOutcome } from '../staging-log.port.js';

/** What a record is, and whether that answer must wait for a commit that is still in flight. */
export interface Claim {
  readonly outcome: RecordOutcome;
  readonly inFlight: boolean;
}

const FRESH: Claim = { outcome: 'appended', inFlight: false };

/**
 * Which ids are taken: by durable records (the index), and by records on their way to the disk. An
 * id in flight is only lent: when its commit fails it is free again, so that no id is ever
 * remembered for a record that was not stored.
 */
export class IdRegister {
  private readonly inFlight = new Map<string, string>();

  /** @param now in seconds, from a clock that never goes back: the age of ids is measured by it. */
  constructor(
    private readonly index: DedupeIndex,
    private readonly now: () => number,
  ) {}

  /** Decides about a record, and lends it its id when it is new. */
  claim({ id, payload }: NewRecord): Claim {
    if (id === undefined) return FRESH;
    const other = this.inFlight.get(id);
    if (other !== undefined) {
      return { outcome: other === payload ? 'duplicate' : 'id-reused', inFlight: true };
    }
    const known = this.index.look(id, payload, this.now());
    if (known !== 'new') return { outcome: known, inFlight: false };
    this.inFlight.set(id, payload);
    return FRESH;
  }

  /** @param claimed with ids @param durable whether the records are, or else their commit failed. */
  settle(claimed: readonly NewRecord[], durable: boolean): void {
    const now = this.now();
    for (const { id, payload } of claimed) {
      if (id === undefined) continue;
      this.inFlight.delete(id);
      if (durable) this.index.add(id, payload, now);
    }
  }
}
