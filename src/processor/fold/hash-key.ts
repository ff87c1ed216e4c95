/** Keeps the bytes of a word that belong to a key, by how many they are. */
export const KEEP_BYTES = [0, 0xff, 0xffff, 0xffffff] as const;

/** So that nobody can choose user ids that all fall into one slot. */
export const HASH_SEED = Math.floor(Math.random() * 2 ** 32) | 0;
/** For the same: beside a seed alone, some changes of a word can be taken back by the next one. */
const FACTOR = Math.floor(Math.random() * 2 ** 32) | 1;

/** Takes four more bytes of a key into its hash. */
export const mixWord = (hash: number, word: number): number => {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), FACTOR);
};

/** Ends a hash with the length of its key, so that zeros at the end count. */
export const mixLength = (hash: number, length: number): number => {
  const mixed = Math.imul(hash ^ length, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
};

/** Of a key in a view, which holds at least four bytes behind it. */
export function hashOf(view: DataView, start: number, length: number): number {
  let hash = HASH_SEED;
  let at = start;
  for (const end = start + (length & ~3); at < end; at += 4) {
    hash = mixWord(hash, view.getInt32(at, true));
  }
  const rest = length & 3;
  const last = rest === 0 ? 0 : view.getInt32(at, true) & KEEP_BYTES[rest]!;
  return mixLength(mixWord(hash, last), length);
}
