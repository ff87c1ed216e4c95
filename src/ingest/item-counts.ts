import type { EventRefusal } from '../shared/event/event-codec.js';

/** An item that was not accepted: `index` counts from 0 in what was sent. */
export interface Rejection extends EventRefusal {
  readonly index: number;
}

/** What became of some items that follow each other; indexes count from the first of them. */
export interface CountedItems {
  readonly items: number;
  readonly accepted: number;
  readonly duplicates: number;
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

  /** @param rejectedMax rejections that are kept, the first ones; the rest is counted. */
  constructor(private readonly rejectedMax: number) {}

  add({ items, accepted, duplicates, rejected, rejectedTotal }: CountedItems): void {
    for (const rejection of rejected) {
      if (this.rejected.length >= this.rejectedMax) break;
      this.rejected.push({ ...rejection, index: this.read + rejection.index });
    }
    this.read += items;
    this.accepted += accepted;
    this.duplicates += duplicates;
    this.rejectedTotal += rejectedTotal;
  }

  /** Whether anything of it is stored: then the answer must tell what. */
  get stored(): boolean {
    return this.accepted + this.duplicates > 0;
  }
}
