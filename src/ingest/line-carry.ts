const FIRST_BYTES = 1_024;

/** The beginning of a line whose end has not come yet. Grows by doubling, however small the chunks are. */
export class LineCarry {
  private buffer: Buffer | null = null;
  private used = 0;

  get length(): number {
    return this.used;
  }

  get bytes(): Buffer {
    return this.buffer?.subarray(0, this.used) ?? EMPTY;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const needed = this.used + bytes.length;
    if (this.buffer === null || this.buffer.length < needed) this.grow(needed);
    this.buffer?.set(bytes, this.used);
    this.used = needed;
  }

  /** Lets go of its memory, too: most bodies end with a line. */
  clear(): void {
    this.buffer = null;
    this.used = 0;
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, 2 * this.used));
    grown.set(this.bytes);
    this.buffer = grown;
  }
}

const EMPTY = Buffer.alloc(0);
