import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Problem } from '../shared/http/problem.js';

/** @property bytesWritten so many packed bytes have been taken in. */
export type Unpacker = Transform & { readonly bytesWritten: number };

/** How bytes of an encoding are unpacked. */
export interface Unpacking {
  readonly create: () => Unpacker;
  /** So much of what was unpacked is kept at most, to be repeated. */
  readonly windowBytes: number;
}

const KIB = 1024;
const ZSTD_WINDOW_BITS = 23;

const gzip: Unpacking = { create: () => zlib.createGunzip(), windowBytes: 32 * KIB };

/** By the `Content-Encoding` that asks for it. */
const UNPACKINGS: ReadonlyMap<string, Unpacking> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', { create: () => zlib.createInflate(), windowBytes: 32 * KIB }],
  ['br', { create: () => zlib.createBrotliDecompress(), windowBytes: 16 * KIB * KIB }],
  ...(hasZstd(zlib) ? [['zstd', zstd(zlib)] as const] : []),
]);

/** Node.js has it since 22.15, and its types of 20 do not know it. */
interface Zstd {
  readonly createZstdDecompress: (options: { params: Record<number, number> }) => Unpacker;
  readonly constants: { readonly ZSTD_d_windowLogMax: number };
}

function hasZstd(module: object): module is Zstd {
  return 'createZstdDecompress' in module;
}

function zstd({ createZstdDecompress, constants }: Zstd): Unpacking {
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS };
  return { create: () => createZstdDecompress({ params }), windowBytes: 2 ** ZSTD_WINDOW_BITS };
}

/** How a body is unpacked; null when it is not packed. @throws Problem 415 for an unknown encoding. */
export function unpackingFor(contentEncoding: string | undefined): Unpacking | null {
  if (contentEncoding === undefined) return null;
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return null;
  const unpacking = UNPACKINGS.get(encoding);
  if (unpacking !== undefined) return unpacking;
  const taken = [...UNPACKINGS.keys()].join(', ');
  const detail = `Content-Encoding must be one of ${taken}; got ${JSON.stringify(encoding)}`;
  throw new Problem({ status: 415, code: 'ENCODING_UNSUPPORTED', detail });
}
