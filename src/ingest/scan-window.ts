import { EventScanner, SCAN_PADDING_BYTES } from '../shared/event/event-scanner.js';

/** Of a body that are looked at in one go, beside the line that began before them. */
export const SLICE_BYTES_MAX = 64 * 1024;

/**
 * Where bytes of bodies are laid to be scanned, one body after the other: the scanner reads a little beyond
 * their end, and a line that came in two chunks has to be in one piece. What is done with it is done before
 * anything else runs.
 */
export class ScanWindow {
  readonly bytes: Buffer;
  readonly scanner = new EventScanner();
  private length = 0;

  /** @param bytesMax that it holds at once */
  constructor(readonly bytesMax: number) {
    this.bytes = Buffer.alloc(bytesMax + SCAN_PADDING_BYTES);
  }

  /** Where what was laid in ends. */
  get end(): number {
    return this.length;
  }

  clear(): void {
    this.length = 0;
  }

  add(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  addByte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** From now on, events may be scanned for from here on. */
  begin(from: number): void {
    this.scanner.begin(this.bytes, from, this.length);
  }
}
