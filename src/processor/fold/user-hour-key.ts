import { hashOf, KEEP_BYTES, mixWord } from './hash-key.js';
import type { UserTable } from './user-table.js';

/**
 * In a table of sums by user and hour, a key is the user id, NUL, and the hour in hex digits. NUL is in no user id and
 * before every other byte, and the digits are always as many: so keys are in the order of users, then of hours.
 */
export const HOUR_TAIL_BYTES = 9;

const HOUR_DIGITS = 8;
const ZERO = 0x30;
const NINE = 0x39;
/** From the place of `a` among the characters to its value. */
const LETTER = 0x61 - 10;

/** The digits of an hour since 1970, all that a safe timestamp can be in. */
export const hourDigits = (hour: number): string => hour.toString(16).padStart(HOUR_DIGITS, '0');

/** Makes a key of a user id of so many bytes, and answers with its length. @param hour since 1970; a fraction is cut off */
export function appendHour(bytes: Buffer, userIdBytes: number, hour: number): number {
  bytes[userIdBytes] = 0;
  bytes.write(hourDigits(Math.floor(hour)), userIdBytes + 1, 'latin1');
  return userIdBytes + HOUR_TAIL_BYTES;
}

/** Of a user id's hash, that of its key: so the user id is gone through once. @param word0 the digits, as two words */
export const mixHour = (hash: number, word0: number, word4: number): number =>
  mixWord(mixWord(hash, word0), word4);

/** Of a key in a view, which holds at least four bytes behind it. */
export function hashOfUserHour(view: DataView, start: number, length: number): number {
  const digits = start + length - HOUR_DIGITS;
  const userId = hashOf(view, start, length - HOUR_TAIL_BYTES);
  return mixHour(userId, view.getInt32(digits, true), view.getInt32(digits + 4, true));
}

/** The hour in a key. @param keys all bytes of the table */
export function hourOfKey(table: UserTable, keys: Uint8Array, entry: number): number {
  const end = 4 * table.keyPlace(entry) + table.keyLength(entry);
  let hour = 0;
  for (let at = end - HOUR_DIGITS; at < end; at++) {
    const digit = keys[at]!;
    hour = 16 * hour + digit - (digit <= NINE ? ZERO : LETTER);
  }
  return hour;
}

/** Whether two keys are of one user. */
export function isSameUser(table: UserTable, one: number, other: number): boolean {
  const length = table.keyLength(one);
  if (table.keyLength(other) !== length) return false;
  const { words } = table;
  let [place, otherPlace] = [table.keyPlace(one), table.keyPlace(other)];
  const compared = length - HOUR_DIGITS;
  for (const end = place + (compared >> 2); place < end; place++, otherPlace++) {
    if (words[place] !== words[otherPlace]) return false;
  }
  const keep = KEEP_BYTES[compared & 3]!;
  return ((words[place]! ^ words[otherPlace]!) & keep) === 0;
}
