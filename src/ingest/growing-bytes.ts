const FIRST_BYTES = 1_024;
const EMPTY = Buffer.alloc(0);

/** Bytes that come in pieces, in one piece of memory: it grows by doubling, however small the pieces are. */
export class GrowingBytes {
  private buffer = EMPTY;
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** What it takes of memory, in bytes. */
  get capacity(): number {
    return this.buffer.length;
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  add(bytes: Buffer): void {
    const needed = this.used + bytes.length;
    if (this.buffer.length < needed) this.grow(needed);
    this.buffer.set(bytes, this.used);
    this.used = needed;
  }

  /** Lets go of its memory, too. */
  clear(): void {
    this.buffer = EMPTY;
    this.used = 0;
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, 2 * this.used));
    grown.set(this.bytes);
    this.buffer = grown;
  }
}
