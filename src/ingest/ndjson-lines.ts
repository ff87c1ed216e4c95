import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import type { EventBatch, Sender } from './event-batch.js';
import { GrowingBytes } from './growing-bytes.js';
import type { ScanWindow } from './scan-window.js';

const [NEWLINE, CARRIAGE_RETURN, SPACE, TAB] = [0x0a, 0x0d, 0x20, 0x09] as const;

/** Before other requests have their turn: some milliseconds, if none of them is JSON. */
const DECODED_LINES_MAX = 1_000;

export interface NdjsonLinesOptions {
  readonly window: ScanWindow;
  readonly sender: Sender;
  readonly lineBytesMax: number;
}

/** Cuts an NDJSON body into lines, and makes items of them: whole lines only, however chunks cut them. */
export class NdjsonLines {
  /** Bytes of a line that has not ended. */
  private readonly carry: GrowingBytes;
  /** Within a line that is too long: the rest of it is of no interest. */
  private isSkipping = false;
  private isFirst = true;

  constructor(private readonly options: NdjsonLinesOptions) {
    this.carry = new GrowingBytes(options.lineBytesMax);
  }

  get carriedBytes(): number {
    return this.carry.length;
  }

  /**
   * Takes the lines that end in these bytes, at most `SLICE_BYTES_MAX`; of lines that the codec has to look at, only
   * so many as others can wait for.
   * @returns how many of the bytes are done with: the others are to be given again.
   */
  take(bytes: Buffer, batch: EventBatch): number {
    const last = bytes.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.keep(bytes);
      return bytes.length;
    }
    let from = 0;
    if (this.isSkipping) {
      from = bytes.indexOf(NEWLINE) + 1;
      this.endSkipping(batch);
    }
    const { window } = this.options;
    const carried = this.carry.length;
    window.clear();
    window.add(this.carry.bytes);
    window.add(bytes.subarray(from, last + 1));
    this.carry.clear();
    const taken = this.takeLines(batch);
    if (taken < window.end) return from + taken - carried;
    this.keep(bytes.subarray(last + 1));
    return bytes.length;
  }

  /** Takes the last line, which nothing ended but the body. */
  end(batch: EventBatch): void {
    if (this.isSkipping) this.endSkipping(batch);
    if (this.carry.length === 0) return;
    const { window } = this.options;
    window.clear();
    window.add(this.carry.bytes);
    window.addByte(NEWLINE);
    this.carry.clear();
    this.takeLines(batch);
  }

  /** The lines that are in the window. @returns where it stopped, at a line's start or the end. */
  private takeLines(batch: EventBatch): number {
    const { bytes, end, scanner } = this.options.window;
    this.options.window.begin(0);
    let [line, decoded] = [0, 0];
    while (line < end && decoded < DECODED_LINES_MAX) {
      const next = scanner.scan(line) ? endOfLine(bytes, scanner.payloadEnd) : -1;
      if (next > 0) {
        batch.addScanned(bytes, scanner);
        line = next;
      } else {
        const newline = bytes.indexOf(NEWLINE, line);
        this.takeLine(bytes.subarray(line, newline), batch);
        decoded += 1;
        line = newline + 1;
      }
      this.isFirst = false;
    }
    return line;
  }

  /** A line that the scanner leaves to the codec. */
  private takeLine(line: Buffer, batch: EventBatch): void {
    // Before anything else is known of it, as of one that comes in several chunks.
    if (line.length > this.options.lineBytesMax) {
      this.rejectLong(batch);
      return;
    }
    const bytes = this.isFirst ? withoutByteOrderMark(line) : line;
    if (isBlank(bytes)) return;
    const decoded = decodeJson(bytes);
    if (decoded.kind === 'json') batch.add({ json: decoded.json }, this.options.sender);
    else batch.reject(decoded);
  }

  /** Keeps the beginning of a line, unless it is too long by now. */
  private keep(bytes: Buffer): void {
    if (this.isSkipping) return;
    this.isSkipping = this.carry.length + bytes.length > this.options.lineBytesMax;
    if (this.isSkipping) this.carry.clear();
    else this.carry.add(bytes);
  }

  private endSkipping(batch: EventBatch): void {
    this.isSkipping = false;
    this.isFirst = false;
    this.rejectLong(batch);
  }

  private rejectLong(batch: EventBatch): void {
    const message = `a line has at most ${this.options.lineBytesMax} bytes (LINE_BYTES_MAX)`;
    batch.reject({ code: 'LINE_TOO_LONG', message });
  }
}

/** Behind the line end that follows at once, or -1. */
function endOfLine(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === NEWLINE) return at + 1;
  return byte === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE ? at + 2 : -1;
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== SPACE && byte !== TAB && byte !== CARRIAGE_RETURN) return false;
  }
  return true;
}
