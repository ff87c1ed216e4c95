import type { DeltaPage, UserDelta } from '../../src/revenue/user-delta.js';

const TEXT_OID = 25;
const NUMERIC_OID = 1700;
const NEGATIVE = 0x4000;

/** Encodes deltas as a page, by the book and not fast. The users may come in any order, each once. */
export function toDeltaPage(deltas: readonly UserDelta[]): DeltaPage {
  const sorted = deltas
    .map(({ userId, delta }) => ({ userId: Buffer.from(userId), delta: toNumeric(delta) }))
    .sort((a, b) => a.userId.compare(b.userId));
  return {
    users: sorted.length,
    userIds: toArray(
      TEXT_OID,
      sorted.map(({ userId }) => userId),
    ),
    deltas: toArray(
      NUMERIC_OID,
      sorted.map(({ delta }) => delta),
    ),
  };
}

/** As array_recv reads it: dimensions, no nulls, type; elements, index of the first; then each with its length. */
function toArray(oid: number, elements: readonly Buffer[]): Buffer {
  const header = [1, 0, oid, elements.length, 1].map(int32);
  return Buffer.concat([...header, ...elements.flatMap((each) => [int32(each.length), each])]);
}

/**
 * As numeric_recv reads it: how many digits of base 10,000, the power of the first one, sign, decimal
 * places, digits.
 */
function toNumeric(decimal: string): Buffer {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (match === null) throw new Error(`${decimal} is no decimal`);
  const [, sign = '', whole = '', fraction = ''] = match;
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, '0');
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const digits = (left + right).match(/\d{4}/g)?.map(Number) ?? [];
  const header = [digits.length, left.length / 4 - 1, sign === '' ? 0 : NEGATIVE, fraction.length];
  return Buffer.concat([...header, ...digits].map(uint16));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
