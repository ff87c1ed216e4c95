import type { IdRing } from './id-ring.js';

const FIRST_CAPACITY = 1_024;
/** The fuller a table, the longer the ways in it. */
const LOAD_MAX = 0.7;
/** While a larger table is filled, so many entries of the old one for each that comes: done at a load of 0.75. */
const MOVES_PER_ENTRY = 16;
/** Slots hold a sequence number modulo this, plus 1; 0 is an empty slot. */
const CODES = 2 ** 32 - 1;

/** What `sequenceAt` says of an empty slot. */
export const NO_ENTRY = -1;

/**
 * Finds the entries of a ring by the first word of their key: open addressing, 4 bytes a slot, 5.7 to 11.4 an
 * entry. Whatever enters and leaves the ring does so here.
 *
 * When it is to grow, a larger table is filled entry by entry with those that come, while the old one goes on
 * to serve: at three million entries, all at once would stop the process for a quarter of a second.
 */
export class IdTable {
  private slots = new Uint32Array(FIRST_CAPACITY);
  /** The table that is to replace it, with all entries before `moved`. */
  private larger: Uint32Array<ArrayBuffer> | null = null;
  private moved = 0;

  constructor(private readonly ring: IdRing) {}

  /** Where the search for a key begins that has this first word. */
  home(word: number): number {
    return word & (this.slots.length - 1);
  }

  /** Where it goes on. */
  after(slot: number): number {
    return (slot + 1) & (this.slots.length - 1);
  }

  /** The entry of a slot, or NO_ENTRY, where a search ends. */
  sequenceAt(slot: number): number {
    const code = this.slots[slot] ?? 0;
    return code === 0 ? NO_ENTRY : this.sequenceOf(code);
  }

  /** Makes room for so many entries at once instead of step by step. */
  reserve(count: number): void {
    let capacity = this.slots.length;
    while (count > capacity * LOAD_MAX) capacity *= 2;
    if (capacity === this.slots.length) return;
    this.beginLarger(capacity);
    this.move(this.ring.size);
  }

  /** Takes in an entry that the ring has just got. The key of each entry must be written before the next comes. */
  add(sequence: number, word: number): void {
    occupy(this.slots, word, codeOf(sequence));
    if (this.larger !== null) this.move(MOVES_PER_ENTRY);
    else if (this.ring.size > this.slots.length * LOAD_MAX) this.beginLarger(2 * this.slots.length);
  }

  /** Lets the oldest entry go, here and in the ring. */
  removeOldest(): void {
    const { first } = this.ring;
    this.vacate(this.slots, first);
    if (this.larger !== null) {
      if (first < this.moved) this.vacate(this.larger, first);
      else this.moved = first + 1;
    }
    this.ring.shift();
  }

  /** Takes the newest entry back, here and in the ring. */
  removeNewest(): void {
    const newest = this.ring.next - 1;
    this.vacate(this.slots, newest);
    if (this.larger !== null && newest < this.moved) {
      this.vacate(this.larger, newest);
      this.moved = newest;
    }
    this.ring.pop();
  }

  private beginLarger(capacity: number): void {
    this.larger = new Uint32Array(capacity);
    this.moved = this.ring.first;
  }

  /** Goes on to fill the larger table, which serves once it has all. */
  private move(count: number): void {
    const { ring, larger } = this;
    if (larger === null) return;
    const end = Math.min(ring.next, this.moved + count);
    for (; this.moved < end; this.moved++) {
      const word = ring.chunkOf(this.moved)[ring.placeOf(this.moved)] ?? 0;
      occupy(larger, word, codeOf(this.moved));
    }
    if (end < ring.next) return;
    this.slots = larger;
    this.larger = null;
  }

  private sequenceOf(code: number): number {
    const { first } = this.ring;
    const ahead = code - codeOf(first);
    return first + (ahead < 0 ? ahead + CODES : ahead);
  }

  private homeOf(slots: Uint32Array, code: number): number {
    const sequence = this.sequenceOf(code);
    return (this.ring.chunkOf(sequence)[this.ring.placeOf(sequence)] ?? 0) & (slots.length - 1);
  }

  /** Empties the slot of an entry and closes the gap, so that no later one becomes unreachable. */
  private vacate(slots: Uint32Array, sequence: number): void {
    const code = codeOf(sequence);
    const mask = slots.length - 1;
    let gap = this.homeOf(slots, code);
    while (slots[gap] !== code) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot] ?? 0;
      const distance = (slot - this.homeOf(slots, other)) & mask;
      if (distance < ((slot - gap) & mask)) continue;
      slots[gap] = other;
      gap = slot;
    }
    slots[gap] = 0;
  }
}

function occupy(slots: Uint32Array, word: number, code: number): void {
  const mask = slots.length - 1;
  let slot = word & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = code;
}

/** The remainder is of floating-point numbers, which takes longer than all the rest of an addition. */
const codeOf = (sequence: number): number => (sequence < CODES ? sequence : sequence % CODES) + 1;
