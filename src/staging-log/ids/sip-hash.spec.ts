import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SipHash } from './sip-hash.js';

const MASK = (1n << 64n) - 1n;
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;

/** SipHash-2-4 with 128 bits, as its paper tells it. */
function sipHash128(key: Buffer, input: Uint8Array): string {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number): void => {
    for (let n = 0; n < count; n++) {
      v0 = (v0 + v1) & MASK;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & MASK;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const padded = Buffer.alloc((Math.floor(input.length / 8) + 1) * 8);
  padded.set(input);
  padded[padded.length - 1] = input.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const block = padded.readBigUInt64LE(at);
    v3 ^= block;
    rounds(2);
    v0 ^= block;
  }
  const out = Buffer.alloc(16);
  v2 ^= 0xeen;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 0);
  v1 ^= 0xddn;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 8);
  return out.toString('hex');
}

function hex(words: Uint32Array): string {
  const out = Buffer.alloc(16);
  for (const [n, word] of words.entries()) out.writeUInt32LE(word, n * 4);
  return out.toString('hex');
}

const KEY = Buffer.from(Array.from({ length: 16 }, (_, n) => n));

describe('SipHash', () => {
  it('gives what its authors publish', () => {
    const hash = new SipHash(KEY);
    expect(hex(hash.digest(new Uint8Array(0), 0, 0))).toBe('a3817f04ba25a8e66df67214c7550293');
    expect(hex(hash.digest(KEY, 0, 1))).toBe('da87c1d86b99af44347659119b22fc45');
  });

  it('gives the same as the paper does, for any key and any part of any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(20),
        (key, bytes, skip) => {
          const start = Math.min(skip, bytes.length);
          const end = Math.max(start, bytes.length - skip);
          const words = new SipHash(Buffer.from(key)).digest(bytes, start, end);
          const expected = sipHash128(Buffer.from(key), bytes.subarray(start, end));
          expect(hex(words)).toBe(expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
