import { isUtf8 } from 'node:buffer';
import type { EventRefusal } from './event-codec.js';

export type DecodedJson =
  { readonly kind: 'json'; readonly json: unknown } | ({ readonly kind: 'refused' } & EventRefusal);

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Drops a UTF-8 byte order mark, which some editors put at the start of a file. */
export const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes.length >= 3 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;

/**
 * Bytes to JSON. Bytes that are not UTF-8 are refused and never replaced: U+FFFD for each would
 * make one user of two.
 */
export function decodeJson(bytes: Buffer): DecodedJson {
  if (!isUtf8(bytes)) {
    return {
      kind: 'refused',
      code: 'INVALID_UTF8',
      message: 'the bytes are not valid UTF-8',
    };
  }
  try {
    return {
      kind: 'json',
      json: JSON.parse(bytes.toString('utf8')) as unknown,
    };
  } catch (error) {
    const message = `not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
    return {
      kind: 'refused',
      code: 'INVALID_JSON',
      message: message.slice(0, 200),
    };
  }
}
