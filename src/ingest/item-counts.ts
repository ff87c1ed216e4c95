import type { EventRefusal } from '../shared/event/event-codec.js';
import type { EventTally, TalliedEvents } from './event-tally.js';

/** An item that was not accepted: `index` counts from 0 in what was sent. */
export interface Rejection extends EventRefusal {
  readonly index: number;
}

/** What became of some items that follow each other; indexes count from the first of them. */
export interface CountedItems extends TalliedEvents {
  readonly items: number;
  readonly rejected: readonly Rejection[];
  readonly rejectedTotal: number;
}

/** What became of the items of a body, in order. */
export class ItemCounts {
  read = 0;
  accepted = 0;
  duplicates = 0;
  rejectedTotal = 0;
  readonly rejected: Rejection[] = [];

  /**
   * @param rejectedMax rejections that are kept, the first ones; the rest is counted.
   * @param tally of all bodies: gets what is added here
   */
  constructor(
    private readonly rejectedMax: number,
    private readonly tally: EventTally,
  ) {}

  add(counted: CountedItems): void {
    const { items, accepted, duplicates, rejected, rejectedTotal } = counted;
    for (const rejection of rejected) {
      if (this.rejected.length >= this.rejectedMax) break;
      this.rejected.push({ ...rejection, index: this.read + rejection.index });
    }
    this.read += items;
    this.accepted += accepted;
    this.duplicates += duplicates;
    this.rejectedTotal += rejectedTotal;
    this.tally.count(counted);
  }

  /** Whether anything of it is stored: then the answer must tell what. */
  get stored(): boolean {
    return this.accepted + this.duplicates > 0;
  }
}
