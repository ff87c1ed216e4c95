const ENTRIES_PER_CHUNK = 4_096;
const WORD_BYTES = 4;

/** 128 bits of an id's hash, 64 of its payload's, and the second when it was added. */
export const ID_WORDS = 4;
export const CONTENT_WORDS = 2;
export const SECOND_WORD = ID_WORDS + CONTENT_WORDS;
const WORDS_PER_ENTRY = SECOND_WORD + 1;
export const ENTRY_BYTES = WORDS_PER_ENTRY * WORD_BYTES;

/** Where an entry is: its words are `chunk[at]` and those behind. */
export interface RingEntry {
  readonly chunk: Uint32Array;
  readonly at: number;
}

/**
 * A queue of entries of 28 bytes, each known by its sequence number, which counts from 0 on and never
 * comes again. In chunks of 115 KB, so that it grows without copying, and gives back what left.
 */
export class IdRing {
  private readonly chunks = new Map<number, Uint32Array>();
  private oldest = 0;
  private end = 0;

  /** The sequence number of the oldest entry. */
  get first(): number {
    return this.oldest;
  }

  /** The sequence number that the next entry gets. */
  get next(): number {
    return this.end;
  }

  get size(): number {
    return this.end - this.oldest;
  }

  /** @throws when it left, or is not there yet. */
  entry(sequence: number): RingEntry {
    const chunk = this.chunks.get(Math.floor(sequence / ENTRIES_PER_CHUNK));
    if (chunk === undefined) throw new Error(`no entry ${sequence} in the index of ids`);
    return { chunk, at: (sequence % ENTRIES_PER_CHUNK) * WORDS_PER_ENTRY };
  }

  /** Takes in `count` entries, whose words were or will be written where they are. */
  extend(count: number): void {
    for (let sequence = this.end; sequence < this.end + count;) {
      this.chunkFor(sequence);
      sequence += ENTRIES_PER_CHUNK - (sequence % ENTRIES_PER_CHUNK);
    }
    this.end += count;
  }

  /** Lets the oldest entry go. */
  shift(): void {
    this.oldest += 1;
    if (this.oldest % ENTRIES_PER_CHUNK === 0) {
      this.chunks.delete(this.oldest / ENTRIES_PER_CHUNK - 1);
    }
  }

  /**
   * The memory of entries that `extend` may take in later: of at most `count`, from the one that is
   * `ahead` of the next. As many as lie in one piece, but always one.
   */
  room(ahead: number, count: number): Buffer {
    const sequence = this.end + ahead;
    const within = sequence % ENTRIES_PER_CHUNK;
    const entries = Math.min(count, ENTRIES_PER_CHUNK - within);
    const { buffer } = this.chunkFor(sequence);
    return Buffer.from(buffer, within * ENTRY_BYTES, entries * ENTRY_BYTES);
  }

  private chunkFor(sequence: number): Uint32Array {
    const number = Math.floor(sequence / ENTRIES_PER_CHUNK);
    let chunk = this.chunks.get(number);
    if (chunk === undefined) {
      chunk = new Uint32Array(ENTRIES_PER_CHUNK * WORDS_PER_ENTRY);
      this.chunks.set(number, chunk);
    }
    return chunk;
  }
}
