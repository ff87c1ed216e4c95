import { isUtf8 } from 'node:buffer';

/** Four ASCII characters as the word that they are in memory. */
const word = (text: string): number => Buffer.from(text, 'latin1').readInt32LE(0);

/** Eight of them as a double. Never NaN nor zero, so equal bytes are equal doubles, and no others are. */
const eight = (text: string): number => Buffer.from(text, 'latin1').readDoubleLE(0);

// One constant each: of an array, the compiler would read the elements anew for each event.
const USER_ID_0 = eight('{"userId');
const USER_ID_3 = eight('serId":"');
const ID_0 = word('{"id');
const ID_3 = word('d":"');
const BEHIND_ID_0 = eight('","userI');
const NAME_0 = eight('","name"');
const ADD_8 = eight(':"add_re');
const ADD_16 = eight('venue","');
const SUBTRACT_8 = eight(':"subtra');
const SUBTRACT_16 = eight('ct_reven');
const SUBTRACT_24 = eight('ue","val');
const VALUE = eight('"value":');
/** The beginning of `dead-letter:`, an id that is more than an id. */
const RESERVED = word('dead');

const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;

const [ZERO, NINE, QUOTE, POINT, BRACE] = [0x30, 0x39, 0x22, 0x2e, 0x7d] as const;

const USER_ID_BYTES_MAX = 255;
const ID_BYTES_MAX = 128;
/** So that the decimal is that of the double, to the last digit. */
const DIGITS_MAX = 15;
const DECIMALS_MAX = 6;

/** Zeros behind the bytes that are scanned: they end every loop over bytes. */
export const SCAN_PADDING_BYTES = 64;

/**
 * Finds events in bytes that are written as `encodeEventPayload` writes them, with or without an id in front:
 *
 *     {"id":"inv-17:3","userId":"abc123","name":"add_revenue","value":432}
 *
 * so that the bytes can go into a record as they are. It takes an event only when JSON.parse and the codec
 * would surely give the same one, and leaves any other to them: other layouts, escapes, reserved ids, lengths
 * that count code points, numbers in another form than the shortest. Up to eight bytes at a time:
 * `npm run bench -- ingest` tells what that saves.
 */
export class EventScanner {
  /** Of the id, between its quotes; equal when there is none. */
  idStart = 0;
  idEnd = 0;
  /** The byte before `"userId"`: the object's brace, or the comma behind the id. */
  payloadStart = 0;
  /** Behind the closing brace. */
  payloadEnd = 0;
  private bytes: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(this.bytes.buffer, this.bytes.byteOffset, 0);
  private from = 0;
  private end = 0;
  /** Whether the bytes are UTF-8; null until somebody needs to know. */
  private isText: boolean | null = null;

  /** From now on `scan` is about these bytes. Overwrites those behind `end`, `SCAN_PADDING_BYTES` of them. */
  begin(bytes: Buffer, from: number, end: number): void {
    if (this.bytes !== bytes) {
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    [this.bytes, this.from, this.end] = [bytes, from, end];
    this.isText = null;
    bytes.fill(0, end, end + SCAN_PADDING_BYTES);
  }

  /** Whether an event begins here; if so, the spans tell where its parts are. */
  scan(start: number): boolean {
    const { view } = this;
    let userId: number;
    if (view.getFloat64(start, true) === USER_ID_0) {
      if (view.getFloat64(start + 3, true) !== USER_ID_3) return false;
      this.idStart = this.idEnd = this.payloadStart = start;
      userId = start + 11;
    } else {
      if (view.getInt32(start, true) !== ID_0 || view.getInt32(start + 3, true) !== ID_3) {
        return false;
      }
      const id = start + 7;
      if (view.getInt32(id, true) === RESERVED) return false;
      const idEnd = this.endOfText(id, ID_BYTES_MAX);
      if (idEnd < 0) return false;
      const isBehind =
        view.getFloat64(idEnd, true) === BEHIND_ID_0 &&
        view.getFloat64(idEnd + 4, true) === USER_ID_3;
      if (!isBehind) return false;
      this.idStart = id;
      this.idEnd = idEnd;
      this.payloadStart = idEnd + 1;
      userId = idEnd + 12;
    }
    const userIdEnd = this.endOfText(userId, USER_ID_BYTES_MAX);
    if (userIdEnd < 0) return false;
    const value = this.findValue(userIdEnd);
    if (value < 0) return false;
    this.payloadEnd = this.endOfValue(value);
    return this.payloadEnd > 0;
  }

  /** Where the quote is that ends a text; -1 for a text that has to be unescaped, counted or refused. */
  private endOfText(start: number, bytesMax: number): number {
    const { view } = this;
    let at = start;
    let high = 0;
    let current = view.getInt32(at, true);
    let hit = special(current);
    while (hit === 0) {
      high |= current;
      at += 4;
      current = view.getInt32(at, true);
      hit = special(current);
    }
    const rest = (31 - Math.clz32(hit & -hit)) >> 3;
    at += rest;
    if (view.getUint8(at) !== QUOTE) return -1;
    // Those of the last word may be bytes behind the quote; then the proof is made for nothing.
    high |= current;
    const length = at - start;
    if (length === 0 || length > bytesMax) return -1;
    return (high & HIGH_BITS) === 0 || this.proveText() ? at : -1;
  }

  /** The place of the number, from the quote behind the user id on; -1 for another layout. */
  private findValue(quote: number): number {
    const { view } = this;
    if (view.getFloat64(quote, true) !== NAME_0) return -1;
    const name = view.getFloat64(quote + 8, true);
    if (name === ADD_8) {
      const follows =
        view.getFloat64(quote + 16, true) === ADD_16 && view.getFloat64(quote + 23, true) === VALUE;
      return follows ? quote + 31 : -1;
    }
    const follows =
      name === SUBTRACT_8 &&
      view.getFloat64(quote + 16, true) === SUBTRACT_16 &&
      view.getFloat64(quote + 24, true) === SUBTRACT_24 &&
      view.getFloat64(quote + 28, true) === VALUE;
    return follows ? quote + 36 : -1;
  }

  /** Behind the brace that follows a number in its shortest form; -1 for another. */
  private endOfValue(start: number): number {
    const { view } = this;
    let at = start;
    let byte = view.getUint8(at);
    while (byte >= ZERO && byte <= NINE) byte = view.getUint8(++at);
    const whole = at - start;
    if (whole === 0 || whole > DIGITS_MAX) return -1;
    if (whole > 1 && view.getUint8(start) === ZERO) return -1;
    if (byte === BRACE) return at + 1;
    if (byte !== POINT) return -1;
    byte = view.getUint8(++at);
    const fraction = at;
    while (byte >= ZERO && byte <= NINE) byte = view.getUint8(++at);
    const decimals = at - fraction;
    const isShortest =
      decimals > 0 &&
      decimals <= DECIMALS_MAX &&
      whole + decimals <= DIGITS_MAX &&
      view.getUint8(at - 1) !== ZERO;
    return isShortest && byte === BRACE ? at + 1 : -1;
  }

  private proveText(): boolean {
    this.isText ??= isUtf8(this.bytes.subarray(this.from, this.end));
    return this.isText;
  }
}

/** Marks the bytes of a word that are a quote, a backslash or a control character; surely the first one. */
function special(current: number): number {
  const quotes = current ^ QUOTES;
  const backslashes = current ^ BACKSLASHES;
  return (
    (((quotes - ONES) & ~quotes) |
      ((backslashes - ONES) & ~backslashes) |
      ((current - SPACES) & ~current)) &
    HIGH_BITS
  );
}
