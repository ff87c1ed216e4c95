/**
 * The clocks of a log whose days pass by in jumps. A jump is less than a tenth of the window of ids, so that
 * it counts in full even where only the timestamps of records tell of it.
 */
import { LOG_OPTIONS } from './log-options.mjs';
import { SENDERS } from './records.mjs';

const JUMP_SECONDS = 8_000;
/** Of one opening: what is under way may be answered, and sent again, so many jumps after it was stored. */
export const JUMPS_PER_OPENING = 2;
/**
 * What was answered after the last so many jumps is in the window: it was stored after twice as many, with
 * the time between a record and a rotation counting twice.
 */
const JUMPS_SURE = 4;
const SURE_SECONDS = (JUMPS_SURE + JUMPS_PER_OPENING + JUMPS_SURE) * JUMP_SECONDS;
if (SURE_SECONDS > LOG_OPTIONS.dedupeWindowSeconds) throw new Error('the jumps are too long');

/** For so long a segment is known to be loaded before it goes: less than a jump. */
export const LOADED_FOR_MS = (JUMP_SECONDS * 1000) / 2;

export class ShiftedClock {
  #shiftMs;
  #jumps;

  /** @param state as `toJSON` gives it */
  constructor({ shiftMs, jumps } = { shiftMs: 0, jumps: [] }) {
    this.#shiftMs = shiftMs;
    this.#jumps = jumps;
  }

  /** For the log. */
  get options() {
    return {
      now: () => Date.now() + this.#shiftMs,
      elapsed: () => performance.now() + this.#shiftMs,
    };
  }

  /** By sender, from which number on all that was answered is in the window of ids for certain. */
  get since() {
    return this.#jumps.length < JUMPS_SURE ? new Array(SENDERS).fill(0) : this.#jumps[0];
  }

  /** @param acknowledged by sender, how many records were, until now */
  jump(acknowledged) {
    this.#shiftMs += JUMP_SECONDS * 1000;
    this.#jumps = [...this.#jumps, [...acknowledged]].slice(-JUMPS_SURE);
  }

  toJSON() {
    return { shiftMs: this.#shiftMs, jumps: this.#jumps };
  }
}
