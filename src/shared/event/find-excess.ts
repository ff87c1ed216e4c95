import { endOfString, NESTING_LEVELS_MAX } from './nests-too-deeply.js';

/** An event has four members, a CloudEvent some more. */
export const MEMBERS_MAX = 1_000;

const [QUOTE, COMMA] = [0x22, 0x2c] as const;
const [OPENING_BRACKET, CLOSING_BRACKET] = [0x5b, 0x5d] as const;
const [OPENING_BRACE, CLOSING_BRACE] = [0x7b, 0x7d] as const;

/**
 * Whether a JSON text has more items in its outermost array than may be sent, or more members in any other array or
 * object than `MEMBERS_MAX`, in one pass over its bytes. JSON.parse would make them all first: an object of 800,000
 * members holds the process for more than a second. What is no JSON may be answered with anything; parsing it tells.
 */
export function findExcess(bytes: Uint8Array, itemsMax: number): 'items' | 'members' | null {
  const counts = new Int32Array(NESTING_LEVELS_MAX + 1);
  let level = 0;
  let isArray = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
    } else if (byte === COMMA) {
      const isOutermost = level === 1 && isArray;
      const members = (counts[level] ?? 0) + 1;
      if (members >= (isOutermost ? itemsMax : MEMBERS_MAX))
        return isOutermost ? 'items' : 'members';
      counts[level] = members;
    } else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      level += 1;
      if (level > NESTING_LEVELS_MAX) return null; // refused for that
      if (level === 1) isArray = byte === OPENING_BRACKET;
      counts[level] = 0;
    } else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
      level = Math.max(0, level - 1);
    }
  }
  return null;
}
