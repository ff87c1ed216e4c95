export const MICROS_PER_UNIT = 1_000_000;

/** Beyond it a sum moves on to a BigInt, long before adding one more value could be inexact. */
export const SAFE_WHOLES = 2 ** 52;
