/** A power of two. */
const ENTRIES_PER_CHUNK = 4_096;
const WORD_BYTES = 4;

/** 128 bits of an id's hash, 64 of its payload's, and the second when it was added. */
export const ID_WORDS = 4;
export const CONTENT_WORDS = 2;
export const SECOND_WORD = ID_WORDS + CONTENT_WORDS;
const WORDS_PER_ENTRY = SECOND_WORD + 1;
export const ENTRY_BYTES = WORDS_PER_ENTRY * WORD_BYTES;

/**
 * A queue of entries of 28 bytes, each known by its sequence number, which counts from 0 on and never
 * comes again (but for those that were taken back). In chunks of 115 KB, so that it grows without copying, and
 * gives back what left. The words of an entry are those of `chunkOf` from `placeOf` on.
 */
export class IdRing {
  /** Of entries that follow each other, the oldest first. */
  private chunks: Uint32Array[] = [];
  /** One that left, for the next that comes. */
  private spare: Uint32Array | null = null;
  /** How many chunks left before the first of them. */
  private chunksGone = 0;
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

  /** @throws when the entry left, or is not there yet. */
  chunkOf(sequence: number): Uint32Array {
    const chunk = this.chunks[Math.floor(sequence / ENTRIES_PER_CHUNK) - this.chunksGone];
    if (chunk === undefined) throw new Error(`no entry ${sequence} in the index of ids`);
    return chunk;
  }

  placeOf(sequence: number): number {
    return (sequence & (ENTRIES_PER_CHUNK - 1)) * WORDS_PER_ENTRY; // a remainder would be of floats
  }

  /** Takes in `count` entries, whose words were or will be written where they are. */
  extend(count: number): void {
    if (count > 0) this.chunkFor(this.end + count - 1);
    this.end += count;
  }

  /** Lets the oldest entry go. */
  shift(): void {
    this.oldest += 1;
    if (this.oldest % ENTRIES_PER_CHUNK !== 0) return;
    this.spare = this.chunks.shift() ?? null;
    this.chunksGone += 1;
  }

  /** Takes the newest entry back. */
  pop(): void {
    this.end -= 1;
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

  /** The chunk of an entry that comes, made with those before it. */
  private chunkFor(sequence: number): Uint32Array {
    const { chunks } = this;
    if (chunks.length === 0) this.chunksGone = Math.floor(this.oldest / ENTRIES_PER_CHUNK);
    const number = Math.floor(sequence / ENTRIES_PER_CHUNK) - this.chunksGone;
    while (chunks.length < number) chunks.push(this.makeChunk());
    return (chunks[number] ??= this.makeChunk());
  }

  /**
   * Of shared memory, though nobody shares it: V8 does not count that as garbage to be. Of what it counts, a few MB more
   * are a reason to mark the whole heap again: while the ring grew, a fifth of the time of ingest went into that (own
   * measurement, Node 20, `npm run bench -- ingest --parts ids`).
   */
  private makeChunk(): Uint32Array {
    const { spare } = this;
    this.spare = null;
    return spare ?? new Uint32Array(new SharedArrayBuffer(ENTRIES_PER_CHUNK * ENTRY_BYTES));
  }
}
