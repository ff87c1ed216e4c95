import { isUtf8 } from 'node:buffer';
import type { EventRefusal } from './event-codec.js';
import { NESTING_LEVELS_MAX, nestsTooDeeply } from './nests-too-deeply.js';

export type DecodedJson =
  { readonly kind: 'json'; readonly json: unknown } | ({ readonly kind: 'refused' } & EventRefusal);

/** Shorter texts are parsed faster than anything in them can hurt. */
const NESTING_CHECKED_FROM_BYTES = 16 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Drops a UTF-8 byte order mark, which some editors put at the start of a file. */
export const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes.length >= 3 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;

/**
 * Bytes to JSON. Bytes that are not UTF-8 are refused and never replaced: U+FFFD for each would
 * make one user of two. A long text that nests deeply is refused unparsed.
 */
export function decodeJson(bytes: Buffer): DecodedJson {
  if (!isUtf8(bytes)) {
    return {
      kind: 'refused',
      code: 'INVALID_UTF8',
      message: 'the bytes are not valid UTF-8',
    };
  }
  if (bytes.length >= NESTING_CHECKED_FROM_BYTES && nestsTooDeeply(bytes)) {
    const message = `not valid JSON for events: nested too deeply, beyond ${NESTING_LEVELS_MAX} levels`;
    return { kind: 'refused', code: 'INVALID_JSON', message };
  }
  return parseJson(bytes.toString('utf8'));
}

/**
 * Text to JSON, for bytes whose UTF-8 has been proved already. Without a stack, which nobody sees: for lines
 * that are no JSON, it is most of the cost.
 */
function parseJson(text: string): DecodedJson {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
    return { kind: 'json', json: JSON.parse(text) as unknown };
  } catch (error) {
    const message = `not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
    return {
      kind: 'refused',
      code: 'INVALID_JSON',
      message: message.slice(0, 200),
    };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
