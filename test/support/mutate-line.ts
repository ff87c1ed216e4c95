/** Bytes that mean something to a scanner of lines of JSON, or lie beside such a one. */
export const TELLING_BYTES = [
  ...[0x00, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30],
  ...[0x39, 0x3a, 0x45, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xa2, 0xbf, 0xc0, 0xc2],
  ...[0xdc, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xfe, 0xff],
] as const;

/** A line whose bytes are changed at random places. */
export class MutableLine {
  bytes: Buffer;

  constructor(
    private readonly random: () => number,
    line: string,
  ) {
    this.bytes = Buffer.from(line);
  }

  /** @param another a line to be mixed with */
  change(another: () => Buffer): void {
    const { bytes } = this;
    if (bytes.length === 0) return;
    const at = this.below(bytes.length);
    const telling = TELLING_BYTES[this.below(TELLING_BYTES.length)]!;
    switch (this.below(8)) {
      case 0:
        bytes[at]! ^= 1 << this.below(8);
        break;
      case 1:
        bytes[at] = telling;
        break;
      case 2:
        bytes[at] = this.below(256);
        break;
      case 3:
        this.splice(at, 0, Buffer.of(telling));
        break;
      case 4:
        this.splice(at, 1 + this.below(5));
        break;
      case 5: {
        const other = this.below(bytes.length);
        [bytes[at], bytes[other]] = [bytes[other]!, bytes[at]!];
        break;
      }
      case 6:
        this.splice(at, bytes.length - at, Buffer.of(0x0a));
        break;
      default: {
        const rest = another();
        this.splice(at, bytes.length - at, rest.subarray(this.below(rest.length)));
      }
    }
  }

  private splice(at: number, count: number, insert: Buffer = Buffer.alloc(0)): void {
    const { bytes } = this;
    this.bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + count)]);
  }

  private below(bound: number): number {
    return (this.random() * bound) | 0;
  }
}
