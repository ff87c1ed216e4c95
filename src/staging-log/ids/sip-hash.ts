/** Rounds for each 8 bytes, and at the end: SipHash-2-4, as its authors recommend it. */
const BLOCK_ROUNDS = 2;
const FINAL_ROUNDS = 4;

const BLOCK_BYTES = 8;
export const SIP_KEY_BYTES = 16;

/**
 * SipHash-2-4 with 128 bits of output: a keyed hash made for short inputs. Nobody who does not know
 * the key can prepare two inputs that collide.
 *
 * Written for speed, because opening a log hashes all its ids and records: a call of `crypto.hash`
 * with SHA-256 costs 1.2 µs and an object, this one 0.2 µs for 18 bytes, 0.35 µs for 64 and 0.7 µs
 * for 180 (Node.js 20, on random bytes), and no object. So the state is in local variables, and the
 * round, which would need an object to hand them back, is written into the loop.
 */
export class SipHash {
  private readonly key: Int32Array;
  private readonly words = new Uint32Array(4);

  /** @param key of 16 bytes */
  constructor(key: Buffer) {
    this.key = Int32Array.from({ length: 4 }, (_, i) => key.readInt32LE(i * 4));
  }

  /** @returns the hash as four words, which the next call overwrites. */
  digest(bytes: Uint8Array, start: number, end: number): Uint32Array {
    const { key, words } = this;
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = [key[0], key[1], key[2], key[3]];
    let [v0l, v0h, v1l, v1h] = [k0 ^ 0x70736575, k1 ^ 0x736f6d65, k2 ^ 0x6e646f83, k3 ^ 0x646f7261];
    let [v2l, v2h, v3l, v3h] = [k0 ^ 0x6e657261, k1 ^ 0x6c796765, k2 ^ 0x79746573, k3 ^ 0x74656462];
    const blocks = Math.floor((end - start) / BLOCK_BYTES);
    for (let step = 0; step <= blocks + 2; step++) {
      const at = start + step * BLOCK_BYTES;
      const inMessage = step <= blocks;
      const low = step < blocks ? wholeWord(bytes, at) : inMessage ? partWord(bytes, at, end) : 0;
      let high = step < blocks ? wholeWord(bytes, at + 4) : 0;
      if (step === blocks) high = partWord(bytes, at + 4, end) | ((end - start) << 24);
      v3l ^= low;
      v3h ^= high;
      if (step === blocks + 1) v2l ^= 0xee;
      if (step === blocks + 2) v1l ^= 0xdd;
      for (let round = inMessage ? BLOCK_ROUNDS : FINAL_ROUNDS; round > 0; round--) {
        let sum = (v0l + v1l) | 0;
        v0h = (v0h + v1h + carry(v0l, v1l, sum)) | 0;
        v0l = sum;
        let low1 = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
        v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
        const swap0 = v0l;
        v0l = v0h;
        v0h = swap0;
        sum = (v2l + v3l) | 0;
        v2h = (v2h + v3h + carry(v2l, v3l, sum)) | 0;
        v2l = sum;
        let low3 = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
        v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
        v3l = low3;
        sum = (v0l + v3l) | 0;
        v0h = (v0h + v3h + carry(v0l, v3l, sum)) | 0;
        v0l = sum;
        low3 = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
        v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
        v3l = low3;
        v1l = low1;
        sum = (v2l + v1l) | 0;
        v2h = (v2h + v1h + carry(v2l, v1l, sum)) | 0;
        v2l = sum;
        low1 = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
        v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
        v1l = low1;
        const swap2 = v2l;
        v2l = v2h;
        v2h = swap2;
      }
      v0l ^= low;
      v0h ^= high;
      if (inMessage) continue;
      const half = (step - blocks - 1) * 2;
      words[half] = v0l ^ v1l ^ v2l ^ v3l;
      words[half + 1] = v0h ^ v1h ^ v2h ^ v3h;
    }
    return words;
  }
}

/**
 * Of an addition of 32 bits, whose sum is given. Without a comparison: its outcome is random, and a
 * processor that guesses it wrong every other time takes twice as long for all the hash.
 */
const carry = (one: number, other: number, sum: number): number =>
  ((one & other) | ((one | other) & ~sum)) >>> 31;

/** Four bytes, the lowest first. */
const wholeWord = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

/** The same, with zeros for what is not before the end. */
function partWord(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = at; i < Math.min(at + 4, end); i++) word |= (bytes[i] ?? 0) << ((i - at) * 8);
  return word;
}
