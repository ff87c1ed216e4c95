import { randomBytes } from 'node:crypto';
import { SIP_KEY_BYTES, SipHash } from './sip-hash.js';

/** How an id stands to what the log holds. */
export type IdLookup = 'new' | 'duplicate' | 'id-reused';

export interface DedupeBounds {
  readonly idsMax: number;
  readonly windowSeconds: number;
}

/** Where, in some bytes, the id and the payload of a record are; the ends are exclusive. */
export interface RecordSpans {
  idStart: number;
  idEnd: number;
  payloadStart: number;
  payloadEnd: number;
}

const ENTRIES_PER_CHUNK = 65_536;
/** 128 bits of the id's hash, 64 of the payload's, and the second when it was added. */
const WORDS_PER_ENTRY = 7;
const KEY_WORDS = 4;
const CONTENT_WORDS = 2;
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
 * keyed hash (the key is random per process, so nobody can prepare a collision), and 64 bits of the
 * payload's, in typed arrays: 28 bytes an id in a ring of chunks, ordered by time, and 5 to 11 in an
 * open-addressing table of positions in that ring. Entries leave at the old end of the ring.
 */
export class DedupeIndex {
  private readonly hash = new SipHash(randomBytes(SIP_KEY_BYTES));
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  private readonly key = new Uint32Array(KEY_WORDS);
  private readonly content = new Uint32Array(CONTENT_WORDS);
  private readonly chunks = new Map<number, Uint32Array>();
  private slots = new Uint32Array(FIRST_CAPACITY);
  private first = 0;
  private next = 0;

  constructor(private readonly bounds: DedupeBounds) {}

  get size(): number {
    return this.next - this.first;
  }

  /**
   * @param now in seconds, from 0 on, of the same clock as in `add`, which is not the wall clock:
   * ids that were added longer ago than the window are new again.
   */
  look(id: string, payload: string, now: number): IdLookup {
    this.hashText(id, this.key);
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    const mask = this.slots.length - 1;
    for (let slot = (this.key[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot] ?? 0;
      if (code === 0) return 'new';
      const { chunk, at } = this.entry(this.sequenceOf(code));
      if ((chunk[at + 6] ?? 0) < oldest || !holds(chunk, at, this.key)) continue;
      this.hashText(payload, this.content);
      return holds(chunk, at + KEY_WORDS, this.content) ? 'duplicate' : 'id-reused';
    }
  }

  /** Remembers the id of a record that is durable. @param now as in `look`. */
  add(id: string, payload: string, now: number): void {
    this.hashText(id, this.key);
    this.hashText(payload, this.content);
    this.addHashed(now);
  }

  /** The same, for a record whose id and payload are there as UTF-8. */
  addBytes(bytes: Uint8Array, spans: RecordSpans, now: number): void {
    copyWords(this.hash.digest(bytes, spans.idStart, spans.idEnd), this.key);
    copyWords(this.hash.digest(bytes, spans.payloadStart, spans.payloadEnd), this.content);
    this.addHashed(now);
  }

  private addHashed(now: number): void {
    if (this.bounds.idsMax === 0) return;
    this.evict(now);
    if (this.size + 1 > this.slots.length * LOAD_MAX) this.rehash(this.slots.length * 2);
    const sequence = this.next++;
    const number = Math.floor(sequence / ENTRIES_PER_CHUNK);
    if (!this.chunks.has(number)) {
      this.chunks.set(number, new Uint32Array(ENTRIES_PER_CHUNK * WORDS_PER_ENTRY));
    }
    const { chunk, at } = this.entry(sequence);
    for (let i = 0; i < KEY_WORDS; i++) chunk[at + i] = this.key[i] ?? 0;
    for (let i = 0; i < CONTENT_WORDS; i++) chunk[at + KEY_WORDS + i] = this.content[i] ?? 0;
    chunk[at + 6] = Math.floor(now);
    this.occupy(sequence, this.key[0] ?? 0);
  }

  /** Lets the oldest go while they are too many or too old; `look` does not need them gone. */
  private evict(now: number): void {
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    for (let evicted = 0; this.size > 0 && evicted < EVICTIONS_PER_ADD_MAX; evicted++) {
      const { chunk, at } = this.entry(this.first);
      if (this.size < this.bounds.idsMax && (chunk[at + 6] ?? 0) >= oldest) return;
      this.vacate(this.first);
      this.first += 1;
      if (this.first % ENTRIES_PER_CHUNK === 0) {
        this.chunks.delete(this.first / ENTRIES_PER_CHUNK - 1);
      }
    }
  }

  private hashText(text: string, into: Uint32Array): void {
    const fits = text.length * UTF8_BYTES_PER_UNIT_MAX <= SCRATCH_BYTES;
    const bytes = fits ? this.scratch : Buffer.from(text);
    const length = fits ? this.scratch.write(text) : bytes.length;
    copyWords(this.hash.digest(bytes, 0, length), into);
  }

  private entry(sequence: number): { readonly chunk: Uint32Array; readonly at: number } {
    const chunk = this.chunks.get(Math.floor(sequence / ENTRIES_PER_CHUNK));
    if (chunk === undefined) throw new Error(`no entry ${sequence} in the index of ids`);
    return { chunk, at: (sequence % ENTRIES_PER_CHUNK) * WORDS_PER_ENTRY };
  }

  private sequenceOf(code: number): number {
    return this.first + ((code - 1 - (this.first % CODES) + CODES) % CODES);
  }

  private homeOf(code: number): number {
    const { chunk, at } = this.entry(this.sequenceOf(code));
    return (chunk[at] ?? 0) & (this.slots.length - 1);
  }

  /** @param word the first one of the entry's key */
  private occupy(sequence: number, word: number): void {
    const mask = this.slots.length - 1;
    let slot = word & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = (sequence % CODES) + 1;
  }

  /** Empties the slot of an entry and closes the gap, so that no later one becomes unreachable. */
  private vacate(sequence: number): void {
    const code = (sequence % CODES) + 1;
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
    for (let sequence = this.first; sequence < this.next; sequence++) {
      const { chunk, at } = this.entry(sequence);
      this.occupy(sequence, chunk[at] ?? 0);
    }
  }
}

function copyWords(from: Uint32Array, into: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = from[i] ?? 0;
}

function holds(chunk: Uint32Array, at: number, words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (chunk[at + i] !== words[i]) return false;
  return true;
}
