import { describe, expect, it } from '@jest/globals';
import { withEach, type DamageBench } from '../../support/damage-bench.js';
import { newBench } from '../../support/damage-log.js';
import { sampleCases, sampleNumbers } from '../../support/sample-cases.js';
import { liveThrough, proveLife } from '../../support/damage-sending.js';

type Code = 'EIO' | 'ENOSPC' | 'EROFS';

interface Fault {
  readonly code: Code;
  readonly when: 'before' | 'after';
  /** How many calls fail in a row. */
  readonly lasts: number;
  readonly writeBytesMax: number;
}

const fault = (some: Partial<Fault>): Fault => ({
  ...{ code: 'EIO', when: 'before', lasts: 1, writeBytesMax: Infinity },
  ...some,
});

const failure = (code: Code, call: string): Error =>
  Object.assign(new Error(`${code}: made up by a test, ${call}`), { code });

/** Lets the calls of these numbers fail, counted over all calls. @returns how many there were so far. */
function plan(
  bench: DamageBench,
  { code, when, writeBytesMax }: Fault,
  numbers: Set<number>,
): () => number {
  let made = 0;
  bench.struck.writeBytesMax = writeBytesMax;
  bench.struck.strike = (call, moment) => {
    if (moment !== when) return;
    made += 1;
    if (numbers.has(made)) throw failure(code, call);
  };
  return () => made;
}

/** @returns whether there were so many calls. */
async function liveWith(
  bench: DamageBench,
  one: Fault,
  { lives, numbers }: { readonly lives: readonly number[]; readonly numbers: readonly number[] },
): Promise<boolean> {
  bench.lay(new Map());
  const made = plan(bench, one, new Set(numbers));
  await liveThrough(bench, lives);
  const reached = made() >= numbers.at(-1)!;
  bench.struck.strike = () => undefined;
  bench.struck.writeBytesMax = Infinity;
  await proveLife(
    bench,
    lives.reduce((sum, events) => sum + events, 0),
  );
  return reached;
}

async function callsOf(lives: readonly number[]): Promise<number> {
  const bench = newBench();
  try {
    const made = plan(bench, fault({}), new Set());
    await liveThrough(bench, lives);
    return made();
  } finally {
    bench.remove();
  }
}

/** Events in a life of the log, and in the next one. Two fill a segment. */
const LIVES = [4, 3];
/** A start with a segment that is sealed in the background, without more. */
const SHORT_LIFE = [3];

/** The first ones of the faults strike every call, the others one in so many, as do pairs. */
const STRIKE_ALL = 2;
const ONE_IN = 3;

/** Until there are no more calls. */
function* untilNoneIsLeft(every: number, isOver: () => boolean): Generator<number> {
  for (const nth of sampleNumbers(every)) {
    if (isOver()) return;
    yield nth;
  }
}

const FAULTS = [
  fault({}),
  fault({ when: 'after' }),
  fault({ code: 'ENOSPC' }),
  fault({ code: 'EROFS', writeBytesMax: 20 }),
  fault({ code: 'ENOSPC', lasts: 3 }),
  fault({ when: 'after', lasts: 12, writeBytesMax: 50 }),
];

describe('a call to the system that fails, whichever it is', () => {
  it.each(FAULTS)(
    'loses and doubles nothing: $code, $when it, $lasts in a row, writes of $writeBytesMax',
    async (one) => {
      let isOver = false;
      const every = FAULTS.indexOf(one) < STRIKE_ALL ? 1 : ONE_IN;
      const numbers = untilNoneIsLeft(every, () => isOver);
      const lived = await withEach(numbers, newBench, async (bench, nth) => {
        const inARow = Array.from({ length: one.lasts }, (_, more) => nth + more);
        if (!(await liveWith(bench, one, { lives: LIVES, numbers: inARow }))) isOver = true;
      });
      expect(lived).toBeGreaterThan(100 / every);
    },
  );

  it('loses and doubles nothing when another one fails later, any two of them', async () => {
    const all: number[][] = [];
    const calls = await callsOf(SHORT_LIFE);
    for (let one = 1; one <= calls; one++) {
      // As far as the way back from the first one may go, and every seventh pair beyond.
      for (let other = one + 1; other <= calls; other++) {
        if (other - one <= 8 || (one + other) % 7 === 0) all.push([one, other]);
      }
    }
    const pairs = sampleCases(all, ONE_IN);
    const lived = await withEach(pairs, newBench, async (bench, numbers) => {
      const code = numbers[0]! % 2 === 0 ? 'EIO' : 'ENOSPC';
      await liveWith(bench, fault({ code }), { lives: SHORT_LIFE, numbers });
    });
    expect(lived).toBe(pairs.length);
  });
});
