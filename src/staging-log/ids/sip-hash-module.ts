/**
 * SipHash-2-4 with 128 bits of output as a WebAssembly module, put together here instruction by instruction: it
 * adds and turns numbers of 64 bits, which JavaScript has to make of four halves. It is told the address of the
 * key (16 bytes) in its imported memory `env.memory`, and exports
 *
 *     hash(spans, count, base, out)
 *
 * `spans` is the address of `count` pairs of numbers (32 bits): where bytes begin and end, told from `base` on.
 * `out` gets 16 bytes for each. Reads up to eight bytes behind a span.
 */
export const KEY_ADDRESS = 0;

/** Rounds for each 8 bytes, and at the end: SipHash-2-4, as its authors recommend it. */
const BLOCK_ROUNDS = 2;
const FINAL_ROUNDS = 4;
const BLOCK_BYTES = 8;

/** Opcodes, named as the specification of WebAssembly names them. */
const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  i32Load: 0x28,
  i64Load: 0x29,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64Rotl: 0x89,
  i64ExtendI32U: 0xad,
} as const;
const [I32, I64, NO_RESULT] = [0x7f, 0x7e, 0x40] as const;
/** Addresses need not be aligned. */
const UNALIGNED = 0;

/** Numbers of the locals; the first four are the parameters. */
const [SPANS, COUNT, BASE, OUT, AT, LAST, LENGTH] = [0, 1, 2, 3, 4, 5, 6] as const;
const [V0, V1, V2, V3, WORD] = [7, 8, 9, 10, 11] as const;
const LOCALS = [2, 3, I32, 5, I64] as const;

type Code = readonly number[];

/** A whole number as bytes of seven bits each, the lowest ones first: signed LEB128. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asIntN(64, value); ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === ((low & 0x40) === 0 ? 0n : -1n);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const get = (local: number): Code => [op.localGet, local];
const set = (local: number, ...value: readonly Code[]): Code => [
  ...value.flat(),
  op.localSet,
  local,
];
const int = (value: number): Code => [op.i32Const, ...signed(BigInt(value))];
const long = (value: bigint): Code => [op.i64Const, ...signed(value)];
const loadInt = (address: Code, offset: number): Code => [
  ...address,
  ...[op.i32Load, UNALIGNED, offset],
];
const loadLong = (address: Code, offset: number): Code => [
  ...address,
  ...[op.i64Load, UNALIGNED, offset],
];
const two = (operation: number, one: Code, other: Code): Code => [...one, ...other, operation];
const add = (one: number, other: number): Code => set(one, two(op.i64Add, get(one), get(other)));
const mix = (one: number, other: Code): Code => set(one, two(op.i64Xor, get(one), other));
const turn = (one: number, bits: bigint): Code => set(one, two(op.i64Rotl, get(one), long(bits)));
const step = (local: number, by: number): Code => set(local, two(op.i32Add, get(local), int(by)));

const ROUND: Code = [
  ...[...add(V0, V1), ...turn(V1, 13n), ...mix(V1, get(V0)), ...turn(V0, 32n)],
  ...[...add(V2, V3), ...turn(V3, 16n), ...mix(V3, get(V2))],
  ...[...add(V0, V3), ...turn(V3, 21n), ...mix(V3, get(V0))],
  ...[...add(V2, V1), ...turn(V1, 17n), ...mix(V1, get(V2)), ...turn(V2, 32n)],
];
const rounds = (count: number): Code => Array.from({ length: count }, () => ROUND).flat();

const takeWord: Code = [...mix(V3, get(WORD)), ...rounds(BLOCK_ROUNDS), ...mix(V0, get(WORD))];

const begin: Code = [
  ...set(AT, two(op.i32Add, get(BASE), loadInt(get(SPANS), 0))),
  ...set(LENGTH, two(op.i32Sub, loadInt(get(SPANS), 4), loadInt(get(SPANS), 0))),
  ...set(LAST, two(op.i32Add, get(AT), two(op.i32And, get(LENGTH), int(-BLOCK_BYTES)))),
  ...[V0, V1, V2, V3].flatMap((local, index) => {
    const text = [
      0x736f6d6570736575n,
      0x646f72616e646f6dn,
      0x6c7967656e657261n,
      0x7465646279746573n,
    ];
    const half = loadLong(int(KEY_ADDRESS), (index % 2) * 8);
    return set(local, two(op.i64Xor, half, long(text[index] ?? 0n)));
  }),
  ...mix(V1, long(0xeen)),
];

const wholeWords: Code = [
  ...[op.block, NO_RESULT, op.loop, NO_RESULT],
  ...[...two(op.i32Eq, get(AT), get(LAST)), op.brIf, 1],
  ...set(WORD, loadLong(get(AT), 0)),
  ...takeWord,
  ...step(AT, BLOCK_BYTES),
  ...[op.br, 0, op.end, op.end],
];

/** What is left of the bytes, and their number in the highest byte. */
const bits: Code = two(
  op.i64Shl,
  [...two(op.i32And, get(LENGTH), int(BLOCK_BYTES - 1)), op.i64ExtendI32U],
  long(3n),
);
const kept: Code = two(op.i64Sub, two(op.i64Shl, long(1n), bits), long(1n));
const lengthByte: Code = two(op.i64Shl, [...get(LENGTH), op.i64ExtendI32U], long(56n));
const lastWord: Code = [
  ...set(WORD, two(op.i64Or, two(op.i64And, loadLong(get(AT), 0), kept), lengthByte)),
  ...takeWord,
];

const store = (offset: number): Code => [
  ...get(OUT),
  ...two(op.i64Xor, two(op.i64Xor, get(V0), get(V1)), two(op.i64Xor, get(V2), get(V3))),
  ...[op.i64Store, UNALIGNED, offset],
];
const finish: Code = [
  ...[...mix(V2, long(0xeen)), ...rounds(FINAL_ROUNDS), ...store(0)],
  ...[...mix(V1, long(0xddn)), ...rounds(FINAL_ROUNDS), ...store(8)],
];

const body: Code = [
  ...LOCALS,
  ...[op.block, NO_RESULT, op.loop, NO_RESULT],
  ...[...get(COUNT), op.i32Eqz, op.brIf, 1],
  ...[...begin, ...wholeWords, ...lastWord, ...finish],
  ...[...step(SPANS, 8), ...step(OUT, 16), ...step(COUNT, -1)],
  ...[op.br, 0, op.end, op.end, op.end],
];

const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
const section = (number: number, content: Code): Code => [
  ...[number, ...unsigned(content.length)],
  ...content,
];

export const SIP_HASH_MODULE: Uint8Array<ArrayBuffer> = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
  ...section(1, [1, 0x60, 4, I32, I32, I32, I32, 0]), // types: one function
  ...section(2, [1, ...name('env'), ...name('memory'), 2, 0, 1]), // imports: memory of at least a page
  ...section(3, [1, 0]), // functions: one, of type 0
  ...section(7, [1, ...name('hash'), 0, 0]), // exports: function 0
  ...section(10, [1, ...unsigned(body.length), ...body]), // code
]);
