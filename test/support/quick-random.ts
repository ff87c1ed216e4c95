/**
 * Numbers from 0 to below 1, the same ones for the same seed (xorshift32). For tests that draw tens of
 * millions: without a global of the realm that Jest runs a spec in, which takes a microsecond to look up.
 */
export function quickRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
