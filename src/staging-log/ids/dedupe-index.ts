import { CONTENT_WORDS, ENTRY_BYTES, ID_WORDS, IdRing, SECOND_WORD } from './id-ring.js';
import { IdTable, NO_ENTRY } from './id-table.js';
import type { RecordSpans } from '../record-lines.port.js';
import { HASH_WORDS, SipHash } from './sip-hash.js';

/** How an id stands to what the log holds. */
export type IdLookup = 'new' | 'duplicate' | 'id-reused';

export interface DedupeBounds {
  readonly idsMax: number;
  readonly windowSeconds: number;
}

/**
 * So that one addition after a quiet day does not stop the process for a million others. With more
 * than 1, the index still gets smaller.
 */
const EVICTIONS_PER_ADD_MAX = 2;
/** Of a record: those of its id, and then those of its payload. */
export const RECORD_HASH_WORDS = 2 * HASH_WORDS;

/**
 * The ids of durable records, within a window of time and number, and behind them those that are lent to
 * records on their way to the disk. Holds no id, only 128 bits of a
 * keyed hash (nobody who does not know the key can prepare a collision), and 64 bits of the
 * payload's, in typed arrays: 28 bytes an id in a ring, ordered by time, and 6 to 12 in a
 * table of positions in that ring, which for a while are two when it grows.
 *
 * Entries enter at the young end of the ring, lent. Commits end in order, so they become durable from the old
 * end of the lent ones on; when one fails, all behind it fail, too, and leave as they came. Durable ones leave at
 * the old end.
 */
export class DedupeIndex {
  /** Under the key of this index: what it calls hashes are its own. */
  readonly hash: SipHash;
  private readonly ring = new IdRing();
  private readonly table = new IdTable(this.ring);
  private lent = 0;

  /** @param key of the hashes, 16 bytes */
  constructor(
    private readonly bounds: DedupeBounds,
    readonly key: Buffer,
  ) {
    this.hash = new SipHash(key);
  }

  /** Of durable records. */
  get size(): number {
    return this.ring.size - this.lent;
  }

  get lentCount(): number {
    return this.lent;
  }

  /** The border between what became durable until now and what comes: it only grows. */
  get position(): number {
    return this.ring.next - this.lent;
  }

  /**
   * For how long an id is remembered for certain, in seconds: the window, or less where there were more ids
   * in it than may be held. @param now as in `look`
   */
  effectiveWindow(now: number): number {
    const { windowSeconds, idsMax } = this.bounds;
    if (this.size < idsMax) return windowSeconds;
    if (idsMax === 0) return 0;
    return Math.max(0, Math.min(windowSeconds, Math.floor(now) - this.oldestSecond));
  }

  /**
   * @param now in seconds, from 0 on, of the same clock as in `add`, which is not the wall clock:
   * ids that were added longer ago than the window are new again.
   */
  look(id: string, payload: string, now: number): IdLookup {
    const hashes = this.hash.digestTexts(id, payload);
    const sequence = this.find(hashes, 0, now);
    if (sequence === NO_ENTRY) return 'new';
    return this.hasContent(sequence, hashes, 0) ? 'duplicate' : 'id-reused';
  }

  /**
   * The entry of an id, which is lent or within the window, or NO_ENTRY: the id is new then.
   * @param hashes of a record, from `at` on @param now as in `look`
   */
  find(hashes: Uint32Array, at: number, now: number): number {
    const { table, ring, position } = this;
    const oldest = Math.floor(now) - this.bounds.windowSeconds;
    const word = hashes[at] ?? 0;
    for (let slot = table.seek(word, word); ; slot = table.seek(slot + 1, word)) {
      const sequence = table.sequenceAt(slot);
      if (sequence === NO_ENTRY) return NO_ENTRY;
      const [chunk, place] = [ring.chunkOf(sequence), ring.placeOf(sequence)];
      let same = 0;
      while (same < ID_WORDS && chunk[place + same] === hashes[at + same]) same++;
      if (same < ID_WORDS) continue;
      if (sequence >= position || (chunk[place + SECOND_WORD] ?? 0) >= oldest) return sequence;
    }
  }

  /** Whether the payload of an entry is that of a record. */
  hasContent(sequence: number, hashes: Uint32Array, at: number): boolean {
    const [chunk, place] = [this.ring.chunkOf(sequence), this.ring.placeOf(sequence)];
    for (let i = 0; i < CONTENT_WORDS; i++) {
      if (chunk[place + ID_WORDS + i] !== hashes[at + HASH_WORDS + i]) return false;
    }
    return true;
  }

  /** Makes it cheaper to find so many records, one after the other, by their hashes. */
  lookAhead(hashes: Uint32Array, count: number): void {
    this.table.lookAhead(hashes, RECORD_HASH_WORDS, count);
  }

  /** Lends a new id to a record that is on its way to the disk. @param hashes of it, from `at` on */
  lend(hashes: Uint32Array, at: number): void {
    const { ring } = this;
    const sequence = ring.next;
    ring.extend(1);
    const [chunk, place] = [ring.chunkOf(sequence), ring.placeOf(sequence)];
    for (let i = 0; i < ID_WORDS; i++) chunk[place + i] = hashes[at + i] ?? 0;
    for (let i = 0; i < CONTENT_WORDS; i++) {
      chunk[place + ID_WORDS + i] = hashes[at + HASH_WORDS + i] ?? 0;
    }
    this.lent += 1;
    this.table.add(sequence, hashes[at] ?? 0);
  }

  /** The oldest `count` of those that are lent belong to durable records now. @param now as in `look` */
  keepLent(count: number, now: number): void {
    const { ring, bounds } = this;
    for (let left = count; left > 0; left--) {
      this.evict(now);
      const sequence = this.position;
      ring.chunkOf(sequence)[ring.placeOf(sequence) + SECOND_WORD] = Math.floor(now);
      this.lent -= 1;
      if (this.size > bounds.idsMax) this.table.removeOldest();
    }
  }

  /** The youngest that are lent are new again, all but so many: of a commit that failed, and all behind it. */
  takeLentBack(left: number): void {
    for (; this.lent > left; this.lent--) this.table.removeNewest();
  }

  /** Remembers the id of a durable record. None may be lent. @param now as in `look`. */
  add(id: string, payload: string, now: number): void {
    this.lend(this.hash.digestTexts(id, payload), 0);
    this.keepLent(1, now);
  }

  /** The same, for a record whose id and payload are there as UTF-8. */
  addBytes(bytes: Buffer, spans: Readonly<RecordSpans>, now: number): void {
    this.lend(this.hash.digestRecord(bytes, spans), 0);
    this.keepLent(1, now);
  }

  /**
   * Whole entries of durable records as they lie in memory, from the position `from`, or the oldest that is
   * still there, to before `to`: as many as `into` holds. Their seconds are told from `startSeconds` on.
   * @returns those words of `into` as bytes, none at the end, and the position behind.
   */
  copyEntries(
    { from, to, into }: { from: number; to: number; into: Uint32Array },
    startSeconds: number,
  ): { readonly bytes: Buffer; readonly next: number } {
    const { ring } = this;
    const first = Math.max(from, ring.first);
    const countMax = Math.floor(into.byteLength / ENTRY_BYTES);
    const next = Math.max(first, Math.min(to, this.position, first + countMax));
    const start = Math.floor(startSeconds);
    let at = 0;
    for (let sequence = first; sequence < next; sequence++) {
      const [chunk, place] = [ring.chunkOf(sequence), ring.placeOf(sequence)];
      for (let i = 0; i < SECOND_WORD; i++) into[at++] = chunk[place + i] ?? 0;
      into[at++] = Math.max(0, (chunk[place + SECOND_WORD] ?? 0) - start);
    }
    return { bytes: Buffer.from(into.buffer, into.byteOffset, 4 * at), next };
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
   * those before make room. None may be lent. An entry may seem two seconds younger afterwards, and never older.
   * @param startSeconds what their seconds are told from, by the clock of `add`
   */
  admit(count: number, startSeconds: number): void {
    const { ring, bounds } = this;
    if (count > bounds.idsMax) throw new Error(`${count} ids at once are too many`);
    while (this.size + count > bounds.idsMax) this.table.removeOldest();
    this.reserve(this.size + count);
    const start = Math.ceil(startSeconds);
    for (let left = count; left > 0; left--) {
      const sequence = ring.next;
      ring.extend(1);
      const [chunk, place] = [ring.chunkOf(sequence), ring.placeOf(sequence)];
      chunk[place + SECOND_WORD] = (chunk[place + SECOND_WORD] ?? 0) + start;
      this.table.add(sequence, chunk[place] ?? 0);
    }
  }

  /** Makes the table large enough for so many ids, or `idsMax`, at once instead of step by step. */
  reserve(count: number): void {
    this.table.reserve(Math.min(count, this.bounds.idsMax));
  }

  /** Lets the oldest go while they are too many or too old; `look` does not need them gone. */
  private evict(now: number): void {
    const { bounds } = this;
    const oldest = Math.floor(now) - bounds.windowSeconds;
    for (let evicted = 0; this.size > 0 && evicted < EVICTIONS_PER_ADD_MAX; evicted++) {
      if (this.size < bounds.idsMax && this.oldestSecond >= oldest) return;
      this.table.removeOldest();
    }
  }

  /** When the oldest was added. There must be one. */
  private get oldestSecond(): number {
    const { ring } = this;
    const { first } = ring;
    return ring.chunkOf(first)[ring.placeOf(first) + SECOND_WORD] ?? 0;
  }
}
