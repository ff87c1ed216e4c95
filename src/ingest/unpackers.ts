import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Problem } from '../shared/http/problem.js';

/** @property bytesWritten so many packed bytes have been taken in. */
export type Unpacker = Transform & { readonly bytesWritten: number };

/** By the `Content-Encoding` that asks for it. */
const UNPACKERS: Readonly<Record<string, () => Unpacker>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  // Node.js has it since 22.15, and its types of 20 do not know it.
  ...('createZstdDecompress' in zlib
    ? { zstd: zlib.createZstdDecompress as () => Unpacker }
    : undefined),
};

/** What unpacks a body; null when it is not packed. @throws Problem 415 for an unknown encoding. */
export function unpackerFor(contentEncoding: string | undefined): Unpacker | null {
  if (contentEncoding === undefined) return null;
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return null;
  const create = Object.hasOwn(UNPACKERS, encoding) ? UNPACKERS[encoding] : undefined;
  if (create !== undefined) return create();
  const taken = Object.keys(UNPACKERS).join(', ');
  const detail = `Content-Encoding must be one of ${taken}; got ${JSON.stringify(encoding)}`;
  throw new Problem({ status: 415, code: 'ENCODING_UNSUPPORTED', detail });
}
