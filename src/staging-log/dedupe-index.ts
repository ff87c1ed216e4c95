import { hash, randomBytes } from 'node:crypto';

/** How an id stands to what the log holds. */
export type IdLookup = 'new' | 'duplicate' | 'id-reused';

export interface DedupeBounds {
  readonly idsMax: number;
  readonly windowSeconds: number;
}

const ENTRIES_PER_CHUNK = 65_536;
/** 128 bits of the id's hash, 64 of the payload's, and the second when it was added. */
const WORDS_PER_ENTRY = 7;
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
  private readonly secret = randomBytes(16).toString('latin1');
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
    const key = this.digest(id);
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    const mask = this.slots.length - 1;
    for (let slot = word(key, 0) & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot] ?? 0;
      if (code === 0) return 'new';
      const { chunk, at } = this.entry(this.sequenceOf(code));
      if ((chunk[at + 6] ?? 0) < oldest || !sameKey(chunk, at, key)) continue;
      const content = this.digest(payload);
      const same = chunk[at + 4] === word(content, 0) && chunk[at + 5] === word(content, 1);
      return same ? 'duplicate' : 'id-reused';
    }
  }

  /** Remembers the id of a record that is durable. @param now as in `look`. */
  add(id: string, payload: string, now: number): void {
    if (this.bounds.idsMax === 0) return;
    this.evict(now);
    if (this.size + 1 > this.slots.length * LOAD_MAX) this.rehash(this.slots.length * 2);
    const key = this.digest(id);
    const content = this.digest(payload);
    const sequence = this.next++;
    const number = Math.floor(sequence / ENTRIES_PER_CHUNK);
    if (!this.chunks.has(number)) {
      this.chunks.set(number, new Uint32Array(ENTRIES_PER_CHUNK * WORDS_PER_ENTRY));
    }
    const { chunk, at } = this.entry(sequence);
    for (let i = 0; i < 4; i++) chunk[at + i] = word(key, i);
    chunk[at + 4] = word(content, 0);
    chunk[at + 5] = word(content, 1);
    chunk[at + 6] = Math.floor(now);
    this.occupy(sequence);
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

  private digest(text: string): Buffer {
    return hash('sha256', this.secret + text, 'buffer');
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

  private occupy(sequence: number): void {
    const code = (sequence % CODES) + 1;
    const mask = this.slots.length - 1;
    let slot = this.homeOf(code);
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = code;
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
    for (let sequence = this.first; sequence < this.next; sequence++) this.occupy(sequence);
  }
}

const word = (digest: Buffer, index: number): number => digest.readUInt32LE(index * 4);

function sameKey(chunk: Uint32Array, at: number, key: Buffer): boolean {
  for (let i = 0; i < 4; i++) if (chunk[at + i] !== word(key, i)) return false;
  return true;
}
