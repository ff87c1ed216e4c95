const LINE_FEED = 0x0a;
const NO_BYTES = Buffer.alloc(0);

/** One physical line, without its line feed. `bytes` may be part of the chunk that was pushed. */
export type Line =
  | { readonly kind: 'line'; readonly number: number; readonly bytes: Buffer }
  | { readonly kind: 'too-long'; readonly number: number };

/**
 * Splits bytes into lines, whatever the chunks are: it works on bytes, so a chunk may end inside a
 * character, and what follows the last line feed is carried over. Of a line beyond `lineBytesMax`
 * nothing is kept but its number.
 */
export class LineSplitter {
  private carried: Buffer[] = [];
  private carriedBytes = 0;
  private lines = 0;

  constructor(private readonly lineBytesMax: number) {}

  /** To be iterated to its end before the next push; the chunk may be overwritten after that. */
  *push(chunk: Buffer): Generator<Line, void> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield this.close(chunk.subarray(start, end));
      start = end + 1;
    }
    this.carry(chunk.subarray(start));
  }

  /** A last line that has no line feed. */
  *end(): Generator<Line, void> {
    if (this.carriedBytes > 0) yield this.close(NO_BYTES);
  }

  private carry(rest: Buffer): void {
    if (rest.length === 0) return;
    this.carriedBytes += rest.length;
    if (this.carriedBytes > this.lineBytesMax) this.carried = [];
    else this.carried.push(Buffer.from(rest)); // a copy: the reader uses its buffer again
  }

  private close(last: Buffer): Line {
    this.lines += 1;
    const bytes = this.carriedBytes + last.length;
    const pieces = this.carried;
    this.carried = [];
    this.carriedBytes = 0;
    if (bytes > this.lineBytesMax) return { kind: 'too-long', number: this.lines };
    const whole = pieces.length === 0 ? last : Buffer.concat([...pieces, last], bytes);
    return { kind: 'line', number: this.lines, bytes: whole };
  }
}
