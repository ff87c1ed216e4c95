import { millionths, toDecimal } from './decimal-millionths.js';
import { compareUtf8 } from './compare-utf8.js';
import type { SortedSums, UserSum } from './user-sum.js';

const NEWLINE = 0x0a;

/** One line of JSON a user: `["<userId>","<sum>"]`. */
export async function* encodeSums(sums: SortedSums): AsyncGenerator<Buffer> {
  for await (const page of sums()) {
    const lines = page.map(({ userId, sum }) => `${JSON.stringify([userId, toDecimal(sum)])}\n`);
    yield Buffer.from(lines.join(''));
  }
}

/** @throws Error for a line that is none of those of `encodeSums`. */
function decodeSum(line: string): UserSum {
  const [userId, decimal] = JSON.parse(line) as [unknown, unknown];
  const sum = typeof decimal === 'string' ? millionths(decimal) : null;
  if (typeof userId !== 'string' || sum === null) throw new Error(`not a sum: ${line}`);
  return { userId, sum };
}

/**
 * The sums in lines whose bytes `pieces` reads, from the first one with each call.
 * @throws what reading throws, and an Error when a line is no sum, or not in order.
 */
export function readSums(pieces: () => AsyncIterable<Buffer>): SortedSums {
  return async function* () {
    let before: string | null = null;
    for await (const lines of readLines(pieces())) {
      const page = lines.map(decodeSum);
      for (const { userId } of page) {
        if (before !== null && compareUtf8(before, userId) >= 0) {
          throw new Error(`${JSON.stringify(userId)} is not in order`);
        }
        before = userId;
      }
      yield page;
    }
  };
}

/** Whole lines, without their `\n`. @throws when the last one has none. */
async function* readLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    rest = bytes.subarray(whole);
    if (whole > 0) yield bytes.toString('utf8', 0, whole - 1).split('\n');
  }
  if (rest.length > 0) throw new Error('the last line has no end');
}
