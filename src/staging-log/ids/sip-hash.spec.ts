import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HASH_WORDS, SipHash, SPANS_MAX } from './sip-hash.js';

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
  const out = Buffer.alloc(words.length * 4);
  for (const [n, word] of words.entries()) out.writeUInt32LE(word, n * 4);
  return out.toString('hex');
}

/** Of each part of some bytes. */
function digestAll(hash: SipHash, bytes: Buffer, parts: readonly (readonly number[])[]): string[] {
  const words = hash.digest(bytes, Int32Array.from(parts.flat()), parts.length);
  return parts.map((_, n) => hex(words.subarray(n * HASH_WORDS, (n + 1) * HASH_WORDS)));
}

const KEY = Buffer.from(Array.from({ length: 16 }, (_, n) => n));
const MIB = 1024 * 1024;
const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));

describe('SipHash', () => {
  it('gives what its authors publish', () => {
    const parts = [
      [0, 0],
      [0, 1],
    ];
    expect(digestAll(new SipHash(KEY), KEY, parts)).toEqual([
      'a3817f04ba25a8e66df67214c7550293',
      'da87c1d86b99af44347659119b22fc45',
    ]);
  });

  it('gives the same as the paper does, for any key and any parts of any bytes', () => {
    fc.assert(
      fc.property(
        anyKey,
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        fc.array(fc.nat(300), { minLength: 2, maxLength: 12 }),
        (key, bytes, places) => {
          const sorted = places.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
          const parts = sorted.flatMap((end, n) =>
            n % 2 === 0 ? [] : [[sorted[n - 1] ?? 0, end]],
          );
          const expected = parts.map(([start, end]) => sipHash128(key, bytes.subarray(start, end)));
          expect(digestAll(new SipHash(key), bytes, parts)).toEqual(expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('gives the same for a record, whether it is there as bytes or as texts', () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 });
    fc.assert(
      fc.property(anyKey, text, text, (key, id, payload) => {
        const hash = new SipHash(key);
        const expected = [id, payload].map((one) => sipHash128(key, Buffer.from(one))).join('');
        expect(hex(hash.digestTexts(id, payload).subarray(0, 2 * HASH_WORDS))).toBe(expected);
        const bytes = Buffer.from(`..${id}"${payload}..`);
        const idEnd = 2 + Buffer.byteLength(id);
        const spans = { idStart: 2, idEnd, payloadStart: idEnd + 1, payloadEnd: bytes.length - 2 };
        expect(hex(hash.digestRecord(bytes, spans).subarray(0, 2 * HASH_WORDS))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('takes as many bytes as there are, and as many parts as it says', () => {
    const hash = new SipHash(KEY);
    for (const length of [MIB - 1, 3 * MIB, 100]) {
      const bytes = Buffer.alloc(length, 'some bytes');
      const cut = sipHash128(KEY, bytes.subarray(1, 20));
      const parts = Array.from({ length: SPANS_MAX - 1 }, () => [1, 20]);
      const hashes = digestAll(hash, bytes, [...parts, [1, length]]);
      expect(new Set(hashes.slice(0, -1))).toEqual(new Set([cut]));
      expect(hashes.at(-1)).toBe(sipHash128(KEY, bytes.subarray(1)));
    }
  }, 30_000);

  it('keeps the keys of several apart', () => {
    const [one, other] = [new SipHash(KEY), new SipHash(Buffer.alloc(16, 7))];
    const hashes = [one, other, one].map((hash) => digestAll(hash, KEY, [[0, 16]])[0]);
    expect(hashes).toEqual([KEY, Buffer.alloc(16, 7), KEY].map((key) => sipHash128(key, KEY)));
  });
});
