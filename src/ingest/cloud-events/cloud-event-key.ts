import { hash } from 'node:crypto';

const LENGTH_BYTES = 4;

/**
 * The id under which the event of a CloudEvent is stored: CloudEvents says that `source` and `id`
 * together tell one from another. `ce:` and 43 characters, so that it fits however long they are.
 * Each part stands behind its length, so ("a", "bc") and ("ab", "c") differ. Takes well-formed text.
 */
export function cloudEventKey(source: string, id: string): string {
  const sourceBytes = Buffer.byteLength(source);
  const idBytes = Buffer.byteLength(id);
  const input = Buffer.allocUnsafe(2 * LENGTH_BYTES + sourceBytes + idBytes);
  let end = input.writeUInt32BE(sourceBytes, 0);
  end += input.write(source, end);
  end = input.writeUInt32BE(idBytes, end);
  input.write(id, end);
  return `ce:${hash('sha256', input, 'base64url')}`;
}
