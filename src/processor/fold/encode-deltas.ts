import type { DeltaPage } from '../../revenue/revenue.port.js';
import { NumericDigits } from './numeric-digits.js';
import type { UserTable } from './user-table.js';

const TEXT_OID = 25;
export const NUMERIC_OID = 1700;
export const ARRAY_HEADER_BYTES = 20;
export const LENGTH_BYTES = 4;

/** User ids may be long, and a page is copied by the thread that serves requests: a few milliseconds of it. */
const PAGE_ID_BYTES_MAX = 4 * 1024 * 1024;

/** Where the page ends that begins at a place of the order: behind so many users, or when their ids are long before. */
export function endOfPage(
  table: UserTable,
  order: Int32Array,
  { from, usersMax }: { readonly from: number; readonly usersMax: number },
): number {
  const last = Math.min(order.length, from + usersMax);
  let end = from;
  for (let bytes = 0; end < last && bytes < PAGE_ID_BYTES_MAX; end++) {
    bytes += table.keyLength(order[end]!);
  }
  return end;
}

/**
 * Some users of a table and their sums as two arrays in PostgreSQL's binary format, as array_recv
 * and textrecv read it (src/backend/utils/adt): no string is made of any user.
 * @param order entries of the table, of users in the order of their bytes; at least one
 */
export function encodeDeltas(table: UserTable, order: Int32Array): DeltaPage {
  return {
    users: order.length,
    userIds: encodeUserIds(table, order),
    deltas: encodeSums(table, order),
  };
}

/** @param tail so many bytes behind it are not of the user id */
export function encodeUserIds(table: UserTable, order: Int32Array, tail = 0): Buffer {
  let size = ARRAY_HEADER_BYTES;
  for (const entry of order) size += LENGTH_BYTES + table.keyLength(entry) - tail;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const keys = new Uint8Array(table.words.buffer);
  let at = writeArrayHeader(view, TEXT_OID, order.length);
  for (const entry of order) {
    const length = table.keyLength(entry) - tail;
    view.setInt32(at, length);
    at += LENGTH_BYTES;
    // Byte by byte: a call to copy a dozen of them takes longer.
    const key = 4 * table.keyPlace(entry);
    for (let index = 0; index < length; index++) bytes[at + index] = keys[key + index]!;
    at += length;
  }
  return Buffer.from(bytes.buffer);
}

export function encodeSums(table: UserTable, order: Int32Array): Buffer {
  const digits = new NumericDigits();
  const sizeMax = LENGTH_BYTES + digits.bytesMax;
  const view = new DataView(new ArrayBuffer(ARRAY_HEADER_BYTES + sizeMax * order.length));
  let at = writeArrayHeader(view, NUMERIC_OID, order.length);
  for (const entry of order) {
    digits.set(table.wholes(entry), table.micros(entry), table.spilled(entry));
    view.setInt32(at, digits.byteLength);
    at = digits.write(view, at + LENGTH_BYTES);
  }
  return Buffer.from(view.buffer, 0, at);
}

/** One dimension, no nulls, counted from 1. Answers with the place behind. */
export function writeArrayHeader(view: DataView, elementOid: number, length: number): number {
  const fields = [1, 0, elementOid, length, 1];
  for (const [index, field] of fields.entries()) view.setInt32(4 * index, field);
  return ARRAY_HEADER_BYTES;
}
