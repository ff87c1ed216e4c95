/** Behind the bytes that are folded there must be so many of the window's own, for reading words ahead. */
export const FOLD_PADDING_BYTES = 64;

/** Memory that bytes are folded in, again and again. */
export interface FoldWindow {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** How many bytes may be folded at once. */
  readonly capacity: number;
}

export function createFoldWindow(capacity: number): FoldWindow {
  const bytes = Buffer.allocUnsafeSlow(capacity + FOLD_PADDING_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes, view, capacity };
}
