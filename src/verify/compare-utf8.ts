const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** What a surrogate stands for comes after all that fits one unit. */
const rank = (unit: number): number => (isSurrogate(unit) ? unit + 0x10000 : unit);

/**
 * Orders well-formed text by its UTF-8 bytes, as PostgreSQL does under COLLATE "C": below 0, 0, above
 * 0. JavaScript's own order is that of UTF-16, which has some of the rarer characters elsewhere.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}
