import { MICROS_PER_UNIT } from './exact-sum.js';

/** NUMERIC has digits to the base of 10,000, and of a fraction in millionths two of them. */
const BASE = 10_000;
const FRACTION_DIGITS = 2;
const DECIMALS = 6;
const HEADER_BYTES = 8;
const NEGATIVE = 0x4000;
/** 10^40 units: 10^25 events of the largest value. */
const WHOLE_DIGITS_MAX = 10;

/**
 * A sum as PostgreSQL's binary NUMERIC (numeric_recv in src/backend/utils/adt/numeric.c): no more
 * digits and no larger scale than it needs, so that the table shows 282 and not 282.000000. Used again for each sum.
 */
export class NumericDigits {
  readonly bytesMax = HEADER_BYTES + 2 * (WHOLE_DIGITS_MAX + FRACTION_DIGITS);
  /** From the most significant one on: [first, end). */
  private readonly digits = new Uint16Array(WHOLE_DIGITS_MAX + FRACTION_DIGITS);
  private first = 0;
  private end = 0;
  private negative = false;
  private scale = 0;

  get byteLength(): number {
    return HEADER_BYTES + 2 * (this.end - this.first);
  }

  /**
   * @param wholes and `micros`: safe integers, of any signs, that are added up
   * @param more whole units that are added, too
   */
  set(wholes: number, micros: number, more = 0n): void {
    const carry = Math.trunc(micros / MICROS_PER_UNIT);
    let whole = wholes + carry;
    let fraction = micros - carry * MICROS_PER_UNIT;
    let large = more;
    if (large !== 0n) {
      large += BigInt(whole);
      // What fits a number is one, so that the rest of this sees one sign.
      whole = large >= -BigInt(2 ** 52) && large <= BigInt(2 ** 52) ? Number(large) : 0;
      large -= BigInt(whole);
    }
    const sign = large === 0n ? Math.sign(whole) : large < 0n ? -1 : 1;
    if (sign * fraction < 0) {
      fraction += sign * MICROS_PER_UNIT;
      if (large === 0n) whole -= sign;
      else large -= BigInt(sign);
    }
    this.negative = sign < 0 || fraction < 0;
    this.setFraction(Math.abs(fraction));
    if (large === 0n) this.setWhole(Math.abs(whole));
    else this.setLarge(large < 0n ? -large : large);
    this.trim();
  }

  /** Answers with the place behind. */
  write(view: DataView, start: number): number {
    const count = this.end - this.first;
    view.setInt16(start, count);
    // The weight of the first digit counts from the point.
    view.setInt16(start + 2, count === 0 ? 0 : WHOLE_DIGITS_MAX - 1 - this.first);
    view.setUint16(start + 4, this.negative && count > 0 ? NEGATIVE : 0);
    view.setUint16(start + 6, this.scale);
    let at = start + HEADER_BYTES;
    for (let digit = this.first; digit < this.end; digit++, at += 2) {
      view.setUint16(at, this.digits[digit]!);
    }
    return at;
  }

  private setFraction(micros: number): void {
    this.digits[WHOLE_DIGITS_MAX] = Math.floor(micros / 100);
    this.digits[WHOLE_DIGITS_MAX + 1] = (micros % 100) * 100;
    this.scale = 0;
    if (micros === 0) return;
    this.scale = DECIMALS;
    for (let rest = micros; rest % 10 === 0; rest /= 10) this.scale -= 1;
  }

  private setWhole(whole: number): void {
    let place = WHOLE_DIGITS_MAX;
    for (let rest = whole; rest > 0;) {
      const digit = rest % BASE;
      this.digits[--place] = digit;
      rest = (rest - digit) / BASE; // exact: a multiple of BASE
    }
    this.first = place;
  }

  private setLarge(whole: bigint): void {
    let place = WHOLE_DIGITS_MAX;
    for (let rest = whole; rest > 0n; rest /= BigInt(BASE)) {
      this.digits[--place] = Number(rest % BigInt(BASE));
    }
    this.first = place;
  }

  /** Zeros at either end say nothing. */
  private trim(): void {
    this.end = WHOLE_DIGITS_MAX + FRACTION_DIGITS;
    while (this.end > this.first && this.digits[this.end - 1] === 0) this.end -= 1;
    while (this.first < this.end && this.digits[this.first] === 0) this.first += 1;
  }
}
