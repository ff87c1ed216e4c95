const FIRST_BYTES = 1_024;
const EMPTY = Buffer.alloc(0);

/** Bytes that come in pieces, in one piece of memory: it grows by doubling, however small the pieces are. */
export class GrowingBytes {
  private buffer = EMPTY;
  private used = 0;

  /** @param usualMax up to here it doubles; beyond, it grows as is needed */
  constructor(private readonly usualMax: number) {}

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
    const doubled = Math.max(FIRST_BYTES, 2 * this.used);
    const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(doubled, this.usualMax)));
    grown.set(this.bytes);
    this.buffer = grown;
  }
}
