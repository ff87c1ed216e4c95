import { CONTENT_WORDS, ENTRY_BYTES, ID_WORDS, IdRing, SECOND_WORD } from './id-ring.js';
import type { RecordSpans } from '../record-lines.port.js';
import { SipHash } from './sip-hash.js';

/** How an id stands to what the log holds. */
export type IdLookup = 'new' | 'duplicate' | 'id-reused';

export interface DedupeBounds {
  readonly idsMax: number;
  readonly windowSeconds: number;
}

/** A unit of UTF-16 becomes at most three bytes. */
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** Texts up to a third of this are hashed without an object for their bytes. */
const SCRATCH_BYTES = 64 * 1024;
const FIRST_CAPACITY = 1_024;
const LOAD_MAX = 0.75;
/**
 * So that one addition after a quiet day does not stop the process for a million others. With more
 * than 1, the index still gets smaller.
 */
const EVICTIONS_PER_ADD_MAX = 2;
/** Slots hold a sequence number modulo this, plus 1; 0 is an empty slot. */
const CODES = 2 ** 32 - 1;

/**
 * The ids of durable records, within a window of time and number. Holds no id, only 128 bits of a
 * keyed hash (nobody who does not know the key can prepare a collision), and 64 bits of the
 * payload's, in typed arrays: 28 bytes an id in a ring, ordered by time, and 5 to 11 in an
 * open-addressing table of positions in that ring. Entries leave at the old end of the ring.
 */
export class DedupeIndex {
  private readonly hash: SipHash;
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  private readonly idHash = new Uint32Array(ID_WORDS);
  private readonly content = new Uint32Array(CONTENT_WORDS);
  private readonly ring = new IdRing();
  private slots = new Uint32Array(FIRST_CAPACITY);

  /** @param key of the hashes, 16 bytes */
  constructor(
    private readonly bounds: DedupeBounds,
    readonly key: Buffer,
  ) {
    this.hash = new SipHash(key);
  }

  get size(): number {
    return this.ring.size;
  }

  /** The border between what was added until now and what comes: it only grows. */
  get position(): number {
    return this.ring.next;
  }

  /**
   * @param now in seconds, from 0 on, of the same clock as in `add`, which is not the wall clock:
   * ids that were added longer ago than the window are new again.
   */
  look(id: string, payload: string, now: number): IdLookup {
    this.hashText(id, this.idHash);
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    const mask = this.slots.length - 1;
    for (let slot = (this.idHash[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot] ?? 0;
      if (code === 0) return 'new';
      const { chunk, at } = this.ring.entry(this.sequenceOf(code));
      if ((chunk[at + SECOND_WORD] ?? 0) < oldest || !holds(chunk, at, this.idHash)) continue;
      this.hashText(payload, this.content);
      return holds(chunk, at + ID_WORDS, this.content) ? 'duplicate' : 'id-reused';
    }
  }

  /** Remembers the id of a record that is durable. @param now as in `look`. */
  add(id: string, payload: string, now: number): void {
    this.hashText(id, this.idHash);
    this.hashText(payload, this.content);
    this.addHashed(now);
  }

  /** The same, for a record whose id and payload are there as UTF-8. */
  addBytes(bytes: Uint8Array, spans: RecordSpans, now: number): void {
    copyWords(this.hash.digest(bytes, spans.idStart, spans.idEnd), this.idHash);
    copyWords(this.hash.digest(bytes, spans.payloadStart, spans.payloadEnd), this.content);
    this.addHashed(now);
  }

  /**
   * Whole entries as they lie in memory, from the position `from`, or the oldest that is still there,
   * to before `to`: at most `countMax`. Their seconds are told from `startSeconds` on.
   * @returns a copy, empty at the end, and the position behind.
   */
  copyEntries(
    { from, to, countMax }: { from: number; to: number; countMax: number },
    startSeconds: number,
  ): { readonly bytes: Buffer; readonly next: number } {
    const first = Math.max(from, this.ring.first);
    const next = Math.max(first, Math.min(to, this.ring.next, first + countMax));
    const words = new Uint32Array(((next - first) * ENTRY_BYTES) / 4);
    const start = Math.floor(startSeconds);
    for (let sequence = first, into = 0; sequence < next; sequence++) {
      const { chunk, at } = this.ring.entry(sequence);
      for (let i = 0; i < SECOND_WORD; i++) words[into++] = chunk[at + i] ?? 0;
      words[into++] = Math.max(0, (chunk[at + SECOND_WORD] ?? 0) - start);
    }
    return { bytes: Buffer.from(words.buffer), next };
  }

  /**
   * Memory for entries as `copyEntries` gives them, which count only once they are admitted: for at
   * most `count` of them, behind the first `ahead`.
   */
  room(ahead: number, count: number): Buffer {
    return this.ring.room(ahead, count);
  }

  /**
   * Takes in the first `count` entries that were written to `room`, at most `idsMax`; the oldest of
   * those before make room. An entry may seem two seconds younger afterwards, and never older.
   * @param startSeconds what their seconds are told from, by the clock of `add`
   */
  admit(count: number, startSeconds: number): void {
    if (count > this.bounds.idsMax) throw new Error(`${count} ids at once are too many`);
    while (this.size + count > this.bounds.idsMax) this.letOldestGo();
    this.reserve(this.size + count);
    const start = Math.ceil(startSeconds);
    const from = this.ring.next;
    this.ring.extend(count);
    for (let sequence = from; sequence < from + count; sequence++) {
      const { chunk, at } = this.ring.entry(sequence);
      chunk[at + SECOND_WORD] = (chunk[at + SECOND_WORD] ?? 0) + start;
      this.occupy(sequence, chunk[at] ?? 0);
    }
  }

  /** Makes the table large enough for so many ids, or `idsMax`, at once instead of step by step. */
  reserve(count: number): void {
    let capacity = this.slots.length;
    while (Math.min(count, this.bounds.idsMax) > capacity * LOAD_MAX) capacity *= 2;
    if (capacity > this.slots.length) this.rehash(capacity);
  }

  private addHashed(now: number): void {
    if (this.bounds.idsMax === 0) return;
    this.evict(now);
    this.reserve(this.size + 1);
    const sequence = this.ring.next;
    this.ring.extend(1);
    const { chunk, at } = this.ring.entry(sequence);
    for (let i = 0; i < ID_WORDS; i++) chunk[at + i] = this.idHash[i] ?? 0;
    for (let i = 0; i < CONTENT_WORDS; i++) chunk[at + ID_WORDS + i] = this.content[i] ?? 0;
    chunk[at + SECOND_WORD] = Math.floor(now);
    this.occupy(sequence, this.idHash[0] ?? 0);
  }

  /** Lets the oldest go while they are too many or too old; `look` does not need them gone. */
  private evict(now: number): void {
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    for (let evicted = 0; this.size > 0 && evicted < EVICTIONS_PER_ADD_MAX; evicted++) {
      const { chunk, at } = this.ring.entry(this.ring.first);
      if (this.size < this.bounds.idsMax && (chunk[at + SECOND_WORD] ?? 0) >= oldest) return;
      this.letOldestGo();
    }
  }

  private letOldestGo(): void {
    this.vacate(this.ring.first);
    this.ring.shift();
  }

  private hashText(text: string, into: Uint32Array): void {
    const fits = text.length * UTF8_BYTES_PER_UNIT_MAX <= SCRATCH_BYTES;
    const bytes = fits ? this.scratch : Buffer.from(text);
    const length = fits ? this.scratch.write(text) : bytes.length;
    copyWords(this.hash.digest(bytes, 0, length), into);
  }

  private sequenceOf(code: number): number {
    const { first } = this.ring;
    const ahead = code - codeOf(first);
    return first + (ahead < 0 ? ahead + CODES : ahead);
  }

  private homeOf(code: number): number {
    const { chunk, at } = this.ring.entry(this.sequenceOf(code));
    return (chunk[at] ?? 0) & (this.slots.length - 1);
  }

  /** @param word the first one of the entry's key */
  private occupy(sequence: number, word: number): void {
    const mask = this.slots.length - 1;
    let slot = word & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = codeOf(sequence);
  }

  /** Empties the slot of an entry and closes the gap, so that no later one becomes unreachable. */
  private vacate(sequence: number): void {
    const code = codeOf(sequence);
    const mask = this.slots.length - 1;
    let gap = this.homeOf(code);
    while (this.slots[gap] !== code) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = this.slots[slot] ?? 0;
      const distance = (slot - this.homeOf(other)) & mask;
      if (distance < ((slot - gap) & mask)) continue;
      this.slots[gap] = other;
      gap = slot;
    }
    this.slots[gap] = 0;
  }

  private rehash(capacity: number): void {
    this.slots = new Uint32Array(capacity);
    for (let sequence = this.ring.first; sequence < this.ring.next; sequence++) {
      const { chunk, at } = this.ring.entry(sequence);
      this.occupy(sequence, chunk[at] ?? 0);
    }
  }
}

/** The remainder is of floating-point numbers, which takes longer than all the rest of an addition. */
const codeOf = (sequence: number): number => (sequence < CODES ? sequence : sequence % CODES) + 1;

function copyWords(from: Uint32Array, into: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = from[i] ?? 0;
}

function holds(chunk: Uint32Array, at: number, words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (chunk[at + i] !== words[i]) return false;
  return true;
}
