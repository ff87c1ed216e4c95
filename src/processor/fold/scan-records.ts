/* eslint-disable max-lines -- of another module, the compiler would read each constant anew for each record: half as fast */
import { isUtf8 } from 'node:buffer';
import { FOLD_PADDING_BYTES, type FoldWindow } from './fold-window.js';
import { HASH_SEED, KEEP_BYTES, mixLength, mixWord } from './hash-key.js';
import type { HourTable } from './hour-table.js';
import { HOUR_TAIL_BYTES, hourDigits, mixHour } from './user-hour-key.js';
import type { UserTable } from './user-table.js';

/** Four ASCII characters as the word that they are in memory. */
const word = (text: string): number => Buffer.from(text, 'latin1').readInt32LE(0);

/** Eight of them as a double. Never NaN nor zero, so equal bytes are equal doubles, and no others are. */
const eight = (text: string): number => Buffer.from(text, 'latin1').readDoubleLE(0);

// One constant each: of an array, the compiler would read the elements anew for each record.
const TIMESTAMP_0 = eight('{"timest');
const TIMESTAMP_5 = eight('estamp":');
const ID_0 = word(',"id');
const ID_2 = word('id":');
const USER_ID_0 = eight(',"userId');
const USER_ID_3 = eight('serId":"');
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

const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const POINT = 0x2e;
const BRACE = 0x7d;
const NEWLINE = 0x0a;

/** Of 13 digits: from 2001 to 2286. */
const TIMESTAMP_START = 13;
const TIMESTAMP_END = 26;
const HUNDREDS_PER_HOUR = 36;
/** So many units that those of a window, which has less than 2^32 lines, stay far below 2^53. */
const SMALL = 2 ** 20;
const USER_ID_BYTES_MAX = 255;
const ID_BYTES_MAX = 128;
/** So that the decimal is that of the double, to the last digit. */
const DIGITS_MAX = 15;
const DECIMALS_MAX = 6;
/** A table up to this size is in the caches anyway. */
const CACHED_BYTES = 2 * 1024 * 1024;
const POSTPONED_MAX = 64;
const TEN_TO = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

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

/** How many bytes of a word are before the quote that ends a text; -1 when something else comes first. */
function endOfText(current: number, hit: number): number {
  const index = (31 - Math.clz32(hit & -hit)) >> 3;
  return ((current >>> (8 * index)) & 0xff) === QUOTE ? index : -1;
}

const areDigits = (current: number): boolean =>
  (((current & 0xf0f0f0f0) ^ 0x30303030) | (((current + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030)) ===
  0;

/**
 * Folds lines of the layout that this system itself writes, by their bytes:
 *
 *     {"timestamp":1763800000000,"id":"inv-17:3","userId":"abc123","name":"add_revenue","value":432}
 *
 * with or without an id. It takes a line only when JSON.parse and the codec would surely give the same
 * event, and leaves any other to them: other layouts, escapes, reserved ids, limits that count code points,
 * numbers with an exponent or with more than 15 digits. Four bytes at a time, since for each of them
 * the cost is that of one: own measurement, Node 20, 10,000 users, lines of 85 bytes, one thread, with
 * reading and checksums: 12 M lines/s, beside 0.5 M/s with JSON.parse and the codec.
 *
 * By hour, the table has sums by user and hour. Its key is then put together where the user id lies, over what comes behind
 * it in a line that was read to its end: the bytes are not those of a record afterwards.
 */
export class RecordScanner {
  events = 0;
  /** Where the line of the last event begins, in the window of the last scan; -1 when it found none. */
  lastEvent = -1;
  private bytes!: Buffer;
  private view!: DataView;
  private end = 0;
  /** Whether the bytes are UTF-8; null until somebody needs to know. */
  private isText: boolean | null = null;
  /** The user id of the line. */
  private key = 0;
  private keyLength = 0;
  private keyHash = 0;
  /** The eight digits that a timestamp began with and that were proved to be digits: most begin so. */
  private readonly firstDigits = Float64Array.of(NaN);
  /** The entry of the hour that they lie in, which is one hour: they tell 100 seconds. 0 while no event has asked for it. */
  private hour = 0;
  /** What is not added to that hour yet, of small amounts: whole units and millionths. It halves what hours cost a fold. */
  private readonly small = new Float64Array(2);
  /** The digits of that hour, as two words. */
  private hourWord0 = 0;
  private hourWord4 = 0;
  /** 100 seconds since 1970. */
  private hundreds = 0;
  private looksAhead = false;
  private postponedCount = 0;
  /** Amounts that are added together: see `UserTable.lookAhead`. */
  private readonly postponed = {
    keys: new Int32Array(POSTPONED_MAX),
    lengths: new Int32Array(POSTPONED_MAX),
    hashes: new Int32Array(POSTPONED_MAX),
    entries: new Int32Array(POSTPONED_MAX),
    wholes: new Float64Array(POSTPONED_MAX),
    micros: new Float64Array(POSTPONED_MAX),
  };
  /** Of no meaning. */
  lookedAt = 0;

  constructor(
    private readonly table: UserTable,
    private readonly hours: HourTable,
    private readonly byHour = false,
  ) {}

  /** From here on `scan` is about these bytes, which hold whole lines up to `end`. */
  begin({ bytes, view }: FoldWindow, end: number): void {
    [this.bytes, this.view, this.end] = [bytes, view, end];
    this.isText = null;
    this.lastEvent = -1;
    bytes.fill(0, end, end + FOLD_PADDING_BYTES); // ends each loop over bytes
  }

  /** Folds from the start of a line on, and answers with the start of the first one left to others. */
  scan(from: number): number {
    this.looksAhead = this.table.bytes > CACHED_BYTES;
    let [line, last, events] = [from, this.lastEvent, 0];
    while (line < this.end) {
      const userId = this.findUserId(line);
      if (userId < 0) break;
      const name = this.readUserId(userId);
      if (name < 0) break;
      const next = this.takeAmount(name);
      if (next < 0) break;
      last = line;
      line = next;
      events += 1;
    }
    if (this.postponedCount > 0) this.addPostponed();
    this.addSmall();
    this.events += events;
    this.lastEvent = last;
    return line;
  }

  /** The place of the user id in a line, or -1. */
  private findUserId(line: number): number {
    const { view } = this;
    const begins =
      view.getFloat64(line, true) === TIMESTAMP_0 &&
      view.getFloat64(line + 5, true) === TIMESTAMP_5;
    if (!begins || !this.hasTimestamp(line + TIMESTAMP_START)) return -1;
    const at = line + TIMESTAMP_END;
    if (view.getFloat64(at, true) === USER_ID_0) {
      return view.getFloat64(at + 3, true) === USER_ID_3 ? at + 11 : -1;
    }
    const isId =
      view.getInt32(at, true) === ID_0 &&
      view.getInt32(at + 2, true) === ID_2 &&
      view.getUint8(at + 6) === QUOTE;
    return isId ? this.skipId(at + 7) : -1;
  }

  private hasTimestamp(at: number): boolean {
    const { view } = this;
    const first = view.getFloat64(at, true);
    if (first !== this.firstDigits[0]) {
      const [word0, word4] = [view.getInt32(at, true), view.getInt32(at + 4, true)];
      if ((word0 & 0xff) === ZERO || !areDigits(word0) || !areDigits(word4)) return false;
      this.firstDigits[0] = first;
      this.addSmall();
      this.hour = 0;
      this.hundreds = Number(this.bytes.toString('latin1', at, at + 8));
    }
    const last = view.getUint8(at + 12);
    return last >= ZERO && last <= NINE && areDigits(view.getInt32(at + 8, true));
  }

  /** The place of the user id behind an id, or -1. */
  private skipId(start: number): number {
    const { view } = this;
    if (view.getInt32(start, true) === RESERVED) return -1;
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
    const rest = endOfText(current, hit);
    if (rest < 0) return -1;
    high |= current & (KEEP_BYTES[rest] as number);
    at += rest;
    const length = at - start;
    if (length === 0 || length > ID_BYTES_MAX) return -1;
    if ((high & HIGH_BITS) !== 0 && !this.proveText()) return -1;
    const isUserId =
      view.getFloat64(at, true) === BEHIND_ID_0 && view.getFloat64(at + 4, true) === USER_ID_3;
    return isUserId ? at + 12 : -1;
  }

  /** Answers with the place of the quote behind the user id, or -1. */
  private readUserId(start: number): number {
    const { view } = this;
    let at = start;
    let high = 0;
    let hash = HASH_SEED;
    let current = view.getInt32(at, true);
    let hit = special(current);
    while (hit === 0) {
      high |= current;
      hash = mixWord(hash, current);
      at += 4;
      current = view.getInt32(at, true);
      hit = special(current);
    }
    const rest = endOfText(current, hit);
    if (rest < 0) return -1;
    const last = current & (KEEP_BYTES[rest] as number);
    high |= last;
    at += rest;
    const length = at - start;
    if (length === 0 || length > USER_ID_BYTES_MAX) return -1;
    if ((high & HIGH_BITS) !== 0 && !this.proveText()) return -1;
    this.key = start;
    this.keyLength = length;
    this.keyHash = mixLength(mixWord(hash, last), length);
    return at;
  }

  /** Adds the amount to the user's sum, and answers with the start of the next line; or -1. */
  private takeAmount(at: number): number {
    const { view } = this;
    if (view.getFloat64(at, true) !== NAME_0) return -1;
    const adds = view.getFloat64(at + 8, true) === ADD_8;
    const matches = adds
      ? view.getFloat64(at + 16, true) === ADD_16 && view.getFloat64(at + 23, true) === VALUE
      : view.getFloat64(at + 8, true) === SUBTRACT_8 &&
        view.getFloat64(at + 16, true) === SUBTRACT_16 &&
        view.getFloat64(at + 24, true) === SUBTRACT_24 &&
        view.getFloat64(at + 28, true) === VALUE;
    if (!matches) return -1;
    const start = at + (adds ? 31 : 36);
    const { bytes } = this;
    let place = start;
    let wholes = 0;
    let digit = bytes[place]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      wholes = wholes * 10 + digit;
      digit = bytes[++place]! - ZERO;
    }
    let digits = place - start;
    if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[start] === ZERO)) return -1;
    let micros = 0;
    if (bytes[place] === POINT) {
      const first = place + 1;
      digit = bytes[++place]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        micros = micros * 10 + digit;
        digit = bytes[++place]! - ZERO;
      }
      const decimals = place - first;
      digits += decimals;
      if (decimals === 0 || decimals > DECIMALS_MAX || digits > DIGITS_MAX) return -1;
      micros *= TEN_TO[DECIMALS_MAX - decimals] as number;
    }
    if (bytes[place] !== BRACE || bytes[place + 1] !== NEWLINE) return -1;
    if (!adds) {
      wholes = 0 - wholes; // and not -wholes, which may be -0: no integer to the compiler
      micros = 0 - micros;
    }
    if (this.hour === 0) this.enterHour(this.hundreds / HUNDREDS_PER_HOUR);
    if (wholes < SMALL && wholes > -SMALL) {
      this.small[0]! += wholes;
      this.small[1]! += micros;
    } else this.hours.add(this.hour, wholes, micros);
    if (this.byHour) this.appendHour();
    if (this.looksAhead) this.postpone(wholes, micros);
    else {
      const { table } = this;
      const entry = table.place(view, this.key, this.keyLength, this.keyHash);
      table.add(entry, wholes, micros);
    }
    return place + 2;
  }

  private addSmall(): void {
    const { hour, small } = this;
    if (hour === 0) return;
    this.hours.add(hour, small[0]!, small[1]!);
    small.fill(0);
  }

  private enterHour(hours: number): void {
    this.hour = this.hours.place(hours);
    if (!this.byHour) return;
    const digits = hourDigits(Math.floor(hours));
    [this.hourWord0, this.hourWord4] = [word(digits.slice(0, 4)), word(digits.slice(4))];
  }

  /** Makes the key of a user and hour of the user id: what comes behind it is longer, and was read. */
  private appendHour(): void {
    const { view, hourWord0, hourWord4 } = this;
    const end = this.key + this.keyLength;
    view.setUint8(end, 0);
    view.setInt32(end + 1, hourWord0, true);
    view.setInt32(end + 5, hourWord4, true);
    this.keyLength += HOUR_TAIL_BYTES;
    this.keyHash = mixHour(this.keyHash, hourWord0, hourWord4);
  }

  private postpone(wholes: number, micros: number): void {
    const { postponed } = this;
    const at = this.postponedCount;
    postponed.keys[at] = this.key;
    postponed.lengths[at] = this.keyLength;
    postponed.hashes[at] = this.keyHash;
    postponed.wholes[at] = wholes;
    postponed.micros[at] = micros;
    this.postponedCount = at + 1;
    if (this.postponedCount === POSTPONED_MAX) this.addPostponed();
  }

  private addPostponed(): void {
    const { table, view, postponedCount: count } = this;
    const { keys, lengths, hashes, entries, wholes, micros } = this.postponed;
    this.lookedAt = table.lookAhead(hashes, entries, count);
    for (let at = 0; at < count; at++) {
      const entry = table.place(view, keys[at]!, lengths[at]!, hashes[at]!);
      table.add(entry, wholes[at]!, micros[at]!);
    }
    this.postponedCount = 0;
  }

  /** Text with other characters than ASCII is only taken where all of it is UTF-8. */
  private proveText(): boolean {
    this.isText ??= isUtf8(this.bytes.subarray(0, this.end));
    return this.isText;
  }
}
