import { MICROS_PER_UNIT, SAFE_WHOLES } from './exact-sum.js';
import { hashOf as hashOfKey, KEEP_BYTES } from './hash-key.js';

/** A table without its methods, as one thread hands it to another. */
export interface TableContents {
  readonly arena: ArrayBuffer;
  readonly users: number;
  readonly arenaEnd: number;
  /** Whole parts that outgrew the numbers, by entry. */
  readonly large: ReadonlyMap<number, bigint>;
}

const FIRST_SLOTS = 4_096;
const FIRST_ARENA_BYTES = 64 * 1024;
/** Entry 0 stands for none. Entries begin at even places, so that their floats are aligned. */
const FIRST_ENTRY = 2;

/** Places in an entry, in words of four bytes; the first four are two floats: wholes and millionths. */
const KEY_LENGTH = 4;
const KEY = 5;

/**
 * One exact sum per user, found by the bytes of the user id: no string is made of any. An entry is one
 * piece of memory: sum and key. A user that is looked up costs two places of memory that way, a
 * slot and an entry, and at 1,000,000 users memory is what a fold waits for.
 *
 * The whole parts and the millionths are summed apart, in numbers, which stay exact up to 2^53; a
 * whole part that passes 2^52 moves to a BigInt.
 */
export class UserTable {
  /** Distinct ones. */
  users = 0;
  /** The entries, as words and as floats. Replaced when they grow: not to be kept over a `place`. */
  words = new Int32Array(FIRST_ARENA_BYTES / 4);
  floats = new Float64Array(this.words.buffer);
  private arenaEnd = FIRST_ENTRY;
  /** Pairs of entry and hash; empty where the entry is 0. */
  private slots = new Int32Array(2 * FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  private readonly large = new Map<number, bigint>();

  /** @param hashOf what `place` gets with each key of this table */
  constructor(readonly hashOf: typeof hashOfKey = hashOfKey) {}

  /** What it takes, in bytes. */
  get bytes(): number {
    return this.words.byteLength + this.slots.byteLength;
  }

  /**
   * The entry of a user, made if need be.
   * @param view holds the key at `start`, and at least four bytes behind it
   * @param hash of the key, as `hashOf` gives it: unless the table has its own, `mixWord` over its words, the last one filled up with zeros and there even
   * if it is empty; then `mixLength`
   */

  // eslint-disable-next-line no-restricted-syntax -- called for each record: an object would cost a tenth
  place(view: DataView, start: number, length: number, hash: number): number {
    const { slots, mask, words } = this;
    const rest = length & 3;
    const end = start + length - rest;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[2 * slot]!;
      if (entry === 0) return this.insert({ view, start, length, hash, slot });
      if (slots[2 * slot + 1] !== hash || words[entry + KEY_LENGTH] !== length) continue;
      let place = entry + KEY;
      let at = start;
      while (at < end && words[place] === view.getInt32(at, true)) {
        at += 4;
        place += 1;
      }
      if (at < end) continue;
      if (rest === 0 || words[place] === (view.getInt32(at, true) & (KEEP_BYTES[rest] as number))) {
        return entry;
      }
    }
  }

  /**
   * Brings to the processor's caches what `place` will need for users with these hashes. One after the other they
   * would wait for memory each; in a loop that does nothing else, the waiting overlaps.
   * @returns a sum that means nothing, so that no compiler leaves the reading out
   */
  lookAhead(hashes: Int32Array, entries: Int32Array, count: number): number {
    const { slots, mask, words } = this;
    for (let index = 0; index < count; index++) {
      entries[index] = slots[2 * (hashes[index]! & mask)]!;
    }
    let sum = 0;
    for (let index = 0; index < count; index++) sum += words[entries[index]! + KEY_LENGTH]!;
    return sum | 0;
  }

  /** Adds the parts of an amount, both of the same sign: whole units and millionths. */
  add(entry: number, wholes: number, micros: number): void {
    const { floats } = this;
    const place = entry >> 1;
    const sum = floats[place]! + wholes;
    floats[place] = sum;
    if (sum > SAFE_WHOLES || sum < -SAFE_WHOLES) this.spill(entry);
    if (micros === 0) return;
    const fraction = floats[place + 1]! + micros;
    floats[place + 1] = fraction;
    if (fraction > SAFE_WHOLES || fraction < -SAFE_WHOLES) this.carry(entry);
  }

  /** Moves a whole part to where it can grow on. */
  spill(entry: number): void {
    const wholes = this.floats[entry >> 1]!;
    this.large.set(entry, (this.large.get(entry) ?? 0n) + BigInt(wholes));
    this.floats[entry >> 1] = 0;
  }

  /** Adds all of another table, whose memory is not needed any more afterwards. */
  merge({ arena, arenaEnd, large }: TableContents): void {
    const [words, floats] = [new Int32Array(arena), new Float64Array(arena)];
    const view = new DataView(arena);
    for (let entry = FIRST_ENTRY; entry < arenaEnd; entry += sizeOf(words, entry)) {
      const [key, length] = [4 * (entry + KEY), words[entry + KEY_LENGTH]!];
      // Anew: each thread has a seed of its own.
      const own = this.place(view, key, length, this.hashOf(view, key, length));
      this.add(own, floats[entry >> 1]!, floats[(entry >> 1) + 1]!);
      const more = large.get(entry);
      if (more !== undefined) this.large.set(own, (this.large.get(own) ?? 0n) + more);
    }
  }

  /** The table is empty afterwards. `arena` may be transferred. */
  takeContents(): TableContents {
    const { users, arenaEnd } = this;
    const contents = { arena: this.words.buffer, users, arenaEnd, large: new Map(this.large) };
    this.large.clear();
    [this.users, this.arenaEnd] = [0, FIRST_ENTRY];
    this.useArena(new ArrayBuffer(FIRST_ARENA_BYTES));
    this.slots = new Int32Array(2 * FIRST_SLOTS);
    this.mask = FIRST_SLOTS - 1;
    return contents;
  }

  /** All of them, in the order in which they came. */
  entries(): Int32Array {
    const entries = new Int32Array(this.users);
    for (let index = 0, entry = FIRST_ENTRY; index < this.users; index++) {
      entries[index] = entry;
      entry += sizeOf(this.words, entry);
    }
    return entries;
  }

  keyLength(entry: number): number {
    return this.words[entry + KEY_LENGTH]!;
  }

  /** The place of the first word of a key, in `words`; behind its last byte there are zeros up to a word. */
  keyPlace(entry: number): number {
    return entry + KEY;
  }

  /** The whole part of a sum, where it fits a number; the rest is in `spilled`. */
  wholes(entry: number): number {
    return this.floats[entry >> 1]!;
  }

  micros(entry: number): number {
    return this.floats[(entry >> 1) + 1]!;
  }

  /** What was spilled of a sum, in whole units; undefined for nearly all users. */
  spilled(entry: number): bigint | undefined {
    return this.large.get(entry);
  }

  private carry(entry: number): void {
    const place = entry >> 1;
    const micros = this.floats[place + 1]!;
    const carry = Math.trunc(micros / MICROS_PER_UNIT);
    this.floats[place + 1] = micros - carry * MICROS_PER_UNIT;
    this.floats[place] = this.floats[place]! + carry;
  }

  private insert(user: {
    readonly view: DataView;
    readonly start: number;
    readonly length: number;
    readonly hash: number;
    readonly slot: number;
  }): number {
    const { view, start, length, hash, slot } = user;
    const entry = this.arenaEnd;
    const end = entry + sizeOfKey(length);
    if (end > this.words.length) this.growArena(end);
    const { words } = this;
    words[entry + KEY_LENGTH] = length;
    let place = entry + KEY;
    let at = start;
    for (const last = start + (length & ~3); at < last; at += 4) {
      words[place++] = view.getInt32(at, true);
    }
    const rest = length & 3;
    if (rest !== 0) words[place] = view.getInt32(at, true) & (KEEP_BYTES[rest] as number);
    this.arenaEnd = end;
    this.slots[2 * slot] = entry;
    this.slots[2 * slot + 1] = hash;
    this.users += 1;
    if (2 * this.users > this.mask) this.growSlots();
    return entry;
  }

  private growArena(end: number): void {
    const words = new Int32Array(Math.max(2 * this.words.length, 2 * end));
    words.set(this.words.subarray(0, this.arenaEnd));
    this.useArena(words.buffer);
  }

  private useArena(arena: ArrayBuffer): void {
    this.words = new Int32Array(arena);
    this.floats = new Float64Array(arena);
  }

  private growSlots(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length / 2 - 1;
    for (let old = 0; old < this.slots.length; old += 2) {
      const [entry, hash] = [this.slots[old]!, this.slots[old + 1]!];
      if (entry === 0) continue;
      let slot = hash & mask;
      while (slots[2 * slot] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = entry;
      slots[2 * slot + 1] = hash;
    }
    this.slots = slots;
    this.mask = mask;
  }
}

/** In words, even. */
const sizeOfKey = (length: number): number => (KEY + ((length + 3) >> 2) + 1) & ~1;

const sizeOf = (words: Int32Array, entry: number): number => sizeOfKey(words[entry + KEY_LENGTH]!);
