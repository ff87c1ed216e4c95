const LINE_FEED = 0x0a;
const NO_BYTES = Buffer.alloc(0);

/** One physical line, without its line feed. `bytes` may be part of the chunk that was pushed. */
export type Line = LinePlace &
  ({ readonly kind: 'line'; readonly bytes: Buffer } | { readonly kind: 'too-long' });

interface LinePlace {
  /** Counted from 1. */
  readonly number: number;
  /** Bytes of the input up to the line's end, its line feed included. */
  readonly end: number;
}

/**
 * Splits bytes into lines, whatever the chunks are: it works on bytes, so a chunk may end inside a
 * character, and what follows the last line feed is carried over. Of a line beyond `lineBytesMax`
 * nothing is kept but its number.
 */
export class LineSplitter {
  private carried: Buffer[] = [];
  private carriedBytes = 0;
  private lines = 0;
  /** Bytes of all chunks before this one. */
  private before = 0;

  constructor(private readonly lineBytesMax: number) {}

  /** To be iterated to its end before the next push; the chunk may be overwritten after that. */
  *push(chunk: Buffer): Generator<Line, void> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield this.close(chunk.subarray(start, end), this.before + end + 1);
      start = end + 1;
    }
    this.carry(chunk.subarray(start));
    this.before += chunk.length;
  }

  /** A last line that has no line feed. */
  *end(): Generator<Line, void> {
    if (this.carriedBytes > 0) yield this.close(NO_BYTES, this.before);
  }

  private carry(rest: Buffer): void {
    if (rest.length === 0) return;
    this.carriedBytes += rest.length;
    if (this.carriedBytes > this.lineBytesMax) this.carried = [];
    else this.carried.push(Buffer.from(rest)); // a copy: the reader uses its buffer again
  }

  private close(last: Buffer, end: number): Line {
    this.lines += 1;
    const bytes = this.carriedBytes + last.length;
    const pieces = this.carried;
    this.carried = [];
    this.carriedBytes = 0;
    if (bytes > this.lineBytesMax) return { kind: 'too-long', number: this.lines, end };
    const whole = pieces.length === 0 ? last : Buffer.concat([...pieces, last], bytes);
    return { kind: 'line', number: this.lines, bytes: whole, end };
  }
}
