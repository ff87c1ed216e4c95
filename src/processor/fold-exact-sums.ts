import { fractionMicros, microsToDecimal } from '../shared/event/amount.js';

const FIRST_CAPACITY = 1_024;
const MICROS_PER_UNIT = 1_000_000;
/** Beyond it a sum moves to a BigInt, long before adding one more value could be inexact. */
const SAFE_WHOLES = 2 ** 52;

/**
 * One exact sum per user. In numbers rather than in BigInts, of which every addition makes a new
 * one: 2,000,000 events left 100 MB of them behind. The whole parts and the millionths are summed
 * apart, both in safe integers; what grows beyond them goes on in a BigInt.
 */
export class ExactSums {
  /** A Map, not an object: `__proto__` is a user like any other. */
  private readonly places = new Map<string, number>();
  private wholes = new Float64Array(FIRST_CAPACITY);
  private micros = new Float64Array(FIRST_CAPACITY);
  /** Whole parts that outgrew the numbers, by place. */
  private readonly large = new Map<number, bigint>();

  get users(): number {
    return this.places.size;
  }

  /** Adds an event's value, or subtracts it with `sign` -1. */
  add(userId: string, sign: 1 | -1, value: number): void {
    const place = this.places.get(userId) ?? this.newPlace(userId);
    const whole = (this.wholes[place] ?? 0) + sign * Math.trunc(value);
    const micros = (this.micros[place] ?? 0) + sign * fractionMicros(value);
    const carry = Math.trunc(micros / MICROS_PER_UNIT);
    this.micros[place] = micros - carry * MICROS_PER_UNIT;
    this.wholes[place] = whole + carry;
    if (Math.abs(whole) > SAFE_WHOLES) this.spill(place);
  }

  /** Each user with the sum as an exact decimal, in the order of first appearance. */
  *decimals(): Generator<{ readonly userId: string; readonly delta: string }> {
    for (const [userId, place] of this.places) {
      const whole = (this.large.get(place) ?? 0n) + BigInt(this.wholes[place] ?? 0);
      const micros = whole * BigInt(MICROS_PER_UNIT) + BigInt(this.micros[place] ?? 0);
      yield { userId, delta: microsToDecimal(micros) };
    }
  }

  private newPlace(userId: string): number {
    const place = this.places.size;
    if (place === this.wholes.length) {
      this.wholes = grown(this.wholes);
      this.micros = grown(this.micros);
    }
    this.places.set(userId, place);
    return place;
  }

  private spill(place: number): void {
    this.large.set(place, (this.large.get(place) ?? 0n) + BigInt(this.wholes[place] ?? 0));
    this.wholes[place] = 0;
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
