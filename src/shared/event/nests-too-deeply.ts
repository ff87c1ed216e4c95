/** An array of events nests 2 levels; whatever goes beyond this is none, however it goes on. */
export const NESTING_LEVELS_MAX = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Whether arrays and objects nest beyond the bound, in one pass over the bytes of a JSON text.
 * JSON.parse would find out too, but holds the process for seconds over 10 MB of brackets; this
 * takes 14 ms for 10 MB of events, of whose parsing it is a seventh. What is no JSON at all may be
 * answered with either; parsing it tells.
 */
export function nestsTooDeeply(bytes: Uint8Array): boolean {
  let level = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) level += 1;
    else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) level -= 1;
    if (level > NESTING_LEVELS_MAX) return true;
  }
  return false;
}

/** Where the string ends that begins at `start`; brackets in it are text. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}
