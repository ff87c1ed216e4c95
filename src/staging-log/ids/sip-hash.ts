import type { RecordSpans } from '../record-lines.port.js';
import { KEY_ADDRESS, SIP_HASH_MODULE } from './sip-hash-module.js';

/** What is used of it; the types that TypeScript has are those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Record<string, unknown> };
};

export const SIP_KEY_BYTES = 16;
/** How many parts are hashed at once, at most. */
export const SPANS_MAX = 2_048;
/** Of a hash. */
export const HASH_WORDS = 4;

const PAGE_BYTES = 64 * 1024;
/** So much is there from the beginning: more than nearly all calls need. The system gives what is touched. */
const FIRST_PAGES = 16;
const SPANS_ADDRESS = KEY_ADDRESS + SIP_KEY_BYTES;
const OUT_ADDRESS = SPANS_ADDRESS + SPANS_MAX * 8;
const BYTES_ADDRESS = OUT_ADDRESS + SPANS_MAX * HASH_WORDS * 4;
/** The module reads words. */
const PADDING_BYTES = 8;
/** A unit of UTF-16 becomes at most three bytes. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/**
 * The one memory of the module, for all hashes of a thread: each call is done with it before it returns, and
 * a memory of its own takes 10 GB of addresses (hardly any of them used), of which there are not many.
 */
const memory = createMemory();
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(SIP_HASH_MODULE), {
  env: { memory },
});
const runModule = exports['hash'] as (
  spans: number,
  count: number,
  base: number,
  out: number,
) => void;

let bytes = Buffer.from(memory.buffer);
let keyWords = new Int32Array(memory.buffer, KEY_ADDRESS, SIP_KEY_BYTES / 4);
let spanWords = new Int32Array(memory.buffer, SPANS_ADDRESS, SPANS_MAX * 2);
let hashes = new Uint32Array(memory.buffer, OUT_ADDRESS, SPANS_MAX * HASH_WORDS);

/**
 * SipHash-2-4 with 128 bits of output: a keyed hash made for short inputs. Nobody who does not know
 * the key can prepare two inputs that collide.
 *
 * All ids of a log and of what comes are hashed, so it is to be fast: a WebAssembly module hashes an id of 14
 * bytes and a payload of 39 in 51 ns, where JavaScript takes 370 (Node.js 20, 1,000 records a call).
 */
export class SipHash {
  private readonly key: Int32Array;

  /** @param key of 16 bytes */
  constructor(key: Buffer) {
    this.key = Int32Array.from({ length: 4 }, (_, i) => key.readInt32LE(i * 4));
  }

  /**
   * Hashes parts of some bytes, each by itself.
   * @param spans pairs of start and end, ascending, at most SPANS_MAX
   * @returns four words for each, which the next call of any hash overwrites
   */
  digest(source: Buffer, spans: Int32Array, count: number): Uint32Array {
    const start = spans[0] ?? 0;
    const end = spans[2 * count - 1] ?? 0;
    makeRoom(end - start);
    source.copy(bytes, BYTES_ADDRESS, start, end);
    for (let i = 0; i < 2 * count; i++) spanWords[i] = spans[i] ?? 0;
    return this.run(count, BYTES_ADDRESS - start);
  }

  /** Hashes an id and its payload. @returns as `digest` does */
  digestRecord(source: Buffer, spans: Readonly<RecordSpans>): Uint32Array {
    makeRoom(spans.payloadEnd - spans.idStart);
    source.copy(bytes, BYTES_ADDRESS, spans.idStart, spans.payloadEnd);
    spanWords[0] = spans.idStart;
    spanWords[1] = spans.idEnd;
    spanWords[2] = spans.payloadStart;
    spanWords[3] = spans.payloadEnd;
    return this.run(2, BYTES_ADDRESS - spans.idStart);
  }

  /** Hashes two texts as UTF-8. @returns as `digest` does */
  digestTexts(one: string, other: string): Uint32Array {
    makeRoom((one.length + other.length) * UTF8_BYTES_PER_UNIT_MAX);
    const middle = bytes.write(one, BYTES_ADDRESS);
    const end = middle + bytes.write(other, BYTES_ADDRESS + middle);
    spanWords[0] = 0;
    spanWords[1] = middle;
    spanWords[2] = middle;
    spanWords[3] = end;
    return this.run(2, BYTES_ADDRESS);
  }

  private run(count: number, base: number): Uint32Array {
    keyWords.set(this.key);
    runModule(SPANS_ADDRESS, count, base, OUT_ADDRESS);
    return hashes;
  }
}

/** @throws where the process may not have so many addresses. */
function createMemory(): InstanceType<typeof WebAssembly.Memory> {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES });
  } catch (cause) {
    const remedy = 'lift that limit, or start with NODE_OPTIONS=--disable-wasm-trap-handler';
    throw new Error(
      `WebAssembly gets no memory under a limit of addresses (ulimit -v): ${remedy}`,
      {
        cause,
      },
    );
  }
}

function makeRoom(ownBytes: number): void {
  const missing = BYTES_ADDRESS + ownBytes + PADDING_BYTES - bytes.length;
  if (missing <= 0) return;
  memory.grow(Math.ceil(missing / PAGE_BYTES)); // what was seen of it before is empty now
  bytes = Buffer.from(memory.buffer);
  keyWords = new Int32Array(memory.buffer, KEY_ADDRESS, SIP_KEY_BYTES / 4);
  spanWords = new Int32Array(memory.buffer, SPANS_ADDRESS, SPANS_MAX * 2);
  hashes = new Uint32Array(memory.buffer, OUT_ADDRESS, SPANS_MAX * HASH_WORDS);
}
