/**
 * Bytes of a record as text for people: U+FFFD stands for what is not UTF-8. Where the bytes are only
 * the first ones of more, a character that the cut goes through is left out.
 */
export function rawText(bytes: Buffer, isCut: boolean): string {
  // Else a byte order mark, which may be all that is wrong with a record, would not be seen.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(bytes, { stream: isCut });
}
