import type { IdRing } from './id-ring.js';

const FIRST_CAPACITY = 1_024;
/** The fuller a table, the longer the ways in it. */
const LOAD_MAX = 0.7;
/** While a larger table is filled, so many entries of the old one for each that comes: done at a load of 0.75. */
const MOVES_PER_ENTRY = 16;

/** What `sequenceAt` says of an empty slot. */
export const NO_ENTRY = -1;

/**
 * Finds the entries of a ring by the first word of their key: open addressing, 4 bytes a slot, 5.7 to 11.4 an
 * entry. Whatever enters and leaves the ring does so here.
 *
 * A search begins at the low bits of the word. A slot holds the low bits of a sequence number, as many as tell
 * all slots apart, and above them the high bits of the word: so a search looks at no entry of the ring, which
 * would mean to wait for memory, but at the one that it finds. 0 is an empty slot.
 *
 * When it is to grow, a larger table is filled entry by entry with those that come, while the old one goes on
 * to serve: at three million entries, all at once would stop the process for a quarter of a second.
 */
export class IdTable {
  private slots = new Int32Array(FIRST_CAPACITY);
  /** The table that is to replace it, with all entries before `moved`. */
  private larger: Int32Array<ArrayBuffer> | null = null;
  private moved = 0;

  constructor(private readonly ring: IdRing) {}

  /**
   * Brings to the processor's caches where searches begin: one after the other they would wait for memory each.
   * @param words with the first word of a key at every `stride`
   * @returns a sum that means nothing, so that no compiler leaves the reading out
   */
  lookAhead(words: Uint32Array, stride: number, count: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += slots[(words[i * stride] ?? 0) & mask] ?? 0;
    return sum;
  }

  /** The slot from `slot` on which may be that of a key with this first word, or is empty. */
  seek(slot: number, word: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    const tag = tagOf(word, mask);
    for (let at = slot & mask; ; at = (at + 1) & mask) {
      const code = slots[at] ?? 0;
      if (code === 0 || (code & ~mask) === tag) return at;
    }
  }

  /** The entry of a slot, or NO_ENTRY, where a search ends. */
  sequenceAt(slot: number): number {
    const code = this.slots[slot] ?? 0;
    return code === 0 ? NO_ENTRY : this.sequenceOf(code, this.slots.length - 1);
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
    occupy(this.slots, sequence, word);
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
    this.larger = new Int32Array(capacity);
    this.moved = this.ring.first;
  }

  /** Goes on to fill the larger table, which serves once it has all. */
  private move(count: number): void {
    const { ring, larger } = this;
    if (larger === null) return;
    const end = Math.min(ring.next, this.moved + count);
    for (let sequence = this.moved; sequence < end; sequence++) {
      occupy(larger, sequence, this.wordOf(sequence));
    }
    this.moved = end;
    if (end < ring.next) return;
    this.slots = larger;
    this.larger = null;
  }

  /** There are fewer entries than slots: their low bits are those of one of them. */
  private sequenceOf(code: number, mask: number): number {
    const { first } = this.ring;
    return first + (((code & mask) - (first & mask)) & mask);
  }

  private wordOf(sequence: number): number {
    return this.ring.chunkOf(sequence)[this.ring.placeOf(sequence)] ?? 0;
  }

  /** Empties the slot of an entry and closes the gap, so that no later one becomes unreachable. */
  private vacate(slots: Int32Array, sequence: number): void {
    const mask = slots.length - 1;
    const word = this.wordOf(sequence);
    const code = codeOf(sequence, word, mask);
    let gap = word & mask;
    while (slots[gap] !== code) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot] ?? 0;
      const home = this.wordOf(this.sequenceOf(other, mask)) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = other;
      gap = slot;
    }
    slots[gap] = 0;
  }
}

function occupy(slots: Int32Array, sequence: number, word: number): void {
  const mask = slots.length - 1;
  let slot = word & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = codeOf(sequence, word, mask);
}

/** The high bits of a word, but never none of them: so no slot is 0 that is not empty. */
const tagOf = (word: number, mask: number): number => {
  const tag = word & ~mask;
  return tag === 0 ? mask + 1 : tag;
};

const codeOf = (sequence: number, word: number, mask: number): number =>
  tagOf(word, mask) | (sequence & mask);
