import type { DeltaPage } from '../../revenue/revenue.port.js';
import {
  ARRAY_HEADER_BYTES,
  encodeSums,
  encodeUserIds,
  LENGTH_BYTES,
  NUMERIC_OID,
  writeArrayHeader,
} from './encode-deltas.js';
import { MICROS_PER_UNIT, SAFE_WHOLES } from './exact-sum.js';
import { NumericDigits } from './numeric-digits.js';
import { HOUR_TAIL_BYTES, hourOfKey, isSameUser } from './user-hour-key.js';
import type { UserTable } from './user-table.js';

const TIMESTAMPTZ_OID = 1184;
const TIMESTAMPTZ_BYTES = 8;
/** PostgreSQL counts from 2000. */
const HOURS_TO_2000 = 262_968;
const MICROS_PER_HOUR = 3_600_000_000n;

/** The place behind the hours of a user of whom the one before `end` is. */
export function endOfUser(table: UserTable, order: Int32Array, end: number): number {
  let behind = end;
  while (behind < order.length && isSameUser(table, order[end - 1]!, order[behind]!)) behind += 1;
  return behind;
}

/**
 * The same as `encodeDeltas`, of a table whose keys are users and hours: what is added to each hour of a user and, from
 * the same sums, to each user. Where each has one hour, as nearly always, one of two arrays serves both.
 * @param order entries in the order of their keys; of each user all or none
 */
export function encodeUserHours(table: UserTable, order: Int32Array): DeltaPage {
  const firsts = firstsOf(table, order);
  const userHours = {
    userIds: encodeUserIds(table, order, HOUR_TAIL_BYTES),
    starts: encodeStarts(table, order),
    deltas: encodeSums(table, order),
  };
  const users = firsts.length;
  if (users === order.length) {
    return { users, userIds: userHours.userIds, deltas: userHours.deltas, userHours };
  }
  const ones = firsts.map((first) => order[first]!);
  return {
    ...{ users, userIds: encodeUserIds(table, ones, HOUR_TAIL_BYTES) },
    ...{ deltas: encodeUserSums(table, order, firsts), userHours },
  };
}

/** Where in the order each user begins. */
function firstsOf(table: UserTable, order: Int32Array): Int32Array {
  const firsts = new Int32Array(order.length);
  let users = 0;
  for (let index = 0; index < order.length; index++) {
    if (index > 0 && isSameUser(table, order[index - 1]!, order[index]!)) continue;
    firsts[users++] = index;
  }
  return firsts.subarray(0, users);
}

function encodeStarts(table: UserTable, order: Int32Array): Buffer {
  const size = ARRAY_HEADER_BYTES + (LENGTH_BYTES + TIMESTAMPTZ_BYTES) * order.length;
  const view = new DataView(new ArrayBuffer(size));
  const keys = new Uint8Array(table.words.buffer);
  let at = writeArrayHeader(view, TIMESTAMPTZ_OID, order.length);
  let [last, micros] = [-1, 0n];
  for (const entry of order) {
    const hour = hourOfKey(table, keys, entry);
    if (hour !== last) [last, micros] = [hour, BigInt(hour - HOURS_TO_2000) * MICROS_PER_HOUR];
    view.setInt32(at, TIMESTAMPTZ_BYTES);
    view.setBigInt64(at + LENGTH_BYTES, micros);
    at += LENGTH_BYTES + TIMESTAMPTZ_BYTES;
  }
  return Buffer.from(view.buffer);
}

function encodeUserSums(table: UserTable, order: Int32Array, firsts: Int32Array): Buffer {
  const digits = new NumericDigits();
  const sizeMax = LENGTH_BYTES + digits.bytesMax;
  const view = new DataView(new ArrayBuffer(ARRAY_HEADER_BYTES + sizeMax * firsts.length));
  let at = writeArrayHeader(view, NUMERIC_OID, firsts.length);
  for (let user = 0; user < firsts.length; user++) {
    const end = firsts[user + 1] ?? order.length;
    setSum(digits, table, order.subarray(firsts[user], end));
    view.setInt32(at, digits.byteLength);
    at = digits.write(view, at + LENGTH_BYTES);
  }
  return Buffer.from(view.buffer, 0, at);
}

/** Each part of a sum is at most 2^52, so that one more is exact; then it moves on. */
function setSum(digits: NumericDigits, table: UserTable, entries: Int32Array): void {
  let [wholes, micros, large] = [0, 0, 0n];
  for (const entry of entries) {
    micros += table.micros(entry);
    if (micros > SAFE_WHOLES || micros < -SAFE_WHOLES) {
      const carry = Math.trunc(micros / MICROS_PER_UNIT);
      micros -= carry * MICROS_PER_UNIT;
      large += BigInt(carry);
    }
    wholes += table.wholes(entry);
    if (wholes > SAFE_WHOLES || wholes < -SAFE_WHOLES) {
      large += BigInt(wholes);
      wholes = 0;
    }
    large += table.spilled(entry) ?? 0n;
  }
  digits.set(wholes, micros, large);
}
