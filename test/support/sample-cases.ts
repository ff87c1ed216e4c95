import { seededRandom, testSeed } from './seeded-random.js';

/** Whether the exhaustive tests of the log try every case, which takes minutes. */
const TRIES_ALL = process.env['LOG_CASES'] === 'all';
let seed: number | null = null;

/**
 * Of each `every` cases in a row one, and besides each that always matters. Which ones, a seed tells, another
 * one each time; it is printed, and SEED gives the same ones again. With LOG_CASES=all, all of them.
 */
export function sampleCases<Case>(
  cases: Iterable<Case>,
  every: number,
  mattersAlways: (one: Case) => boolean = () => false,
): Case[] {
  if (TRIES_ALL) return [...cases];
  const random = seededRandom(printedSeed());
  let [others, chosen] = [0, 0];
  return Array.from(cases).filter((one) => {
    if (mattersAlways(one)) return true;
    const within = others++ % every;
    if (within === 0) chosen = Math.floor(random() * every);
    return within === chosen;
  });
}

/** Of 1, 2, 3 ... those that are tried: all, or from one of the first `every` on each `every`th. */
export function* sampleNumbers(every: number): Generator<number> {
  const step = TRIES_ALL ? 1 : every;
  const first = 1 + Math.floor(seededRandom(printedSeed())() * step);
  for (let number = first; ; number += step) yield number;
}

function printedSeed(): number {
  if (seed === null) {
    seed = testSeed();
    console.info(`SEED=${seed}, LOG_CASES=all for all cases`);
  }
  return seed;
}
