import { describe, expect, it } from '@jest/globals';
import { withEach } from '../../support/damage-bench.js';
import { cutImage, everyCut, expectedAfter, type Cut } from '../../support/damage-cuts.js';
import {
  leaveLog,
  newBench,
  proveOpening,
  type LeftLog,
  type Leaving,
} from '../../support/damage-log.js';
import { sampleCases } from '../../support/sample-cases.js';

/** Cuts between borders of records are much alike. */
const ONE_IN = 5;

/** Without side files it is the same however it was left. */
const HOW_IT_WAS_LEFT: [Leaving, Cut['without'][]][] = [
  ['closed', [[], ['sums', 'ids'], ['sums'], ['ids']]],
  ['killed', [[]]],
  ['unsealed', [[]]],
];

const cases = HOW_IT_WAS_LEFT.flatMap(([leaving, losses]) =>
  losses.flatMap((without) =>
    (['kept', 'removed'] as const).map((laterOnes) => ({ leaving, laterOnes, without })),
  ),
);

/** Beside the border of a record: before its line end, behind it, within the next one. */
function isAtBorder({ borders, records }: LeftLog, { segment, length }: Cut): boolean {
  const at = borders[segment]! + length;
  return length === 0 || records.some(({ next }) => Math.abs(next - at) <= 1);
}

describe('a log of which a segment is cut at any byte', () => {
  it.each(cases)(
    'is whole up to there, and tells exactly what is missing: $leaving, later ones $laterOnes, without $without',
    async ({ leaving, ...how }) => {
      const log = await leaveLog(leaving);
      const all = [...everyCut(log, how)];
      expect(all.length).toBe(log.borders.at(-1)! + log.borders.length - 1);
      const cuts = sampleCases(all, ONE_IN, (cut) => isAtBorder(log, cut));
      const proved = await withEach(cuts, newBench, (bench, cut) =>
        proveOpening(bench, cutImage(log, cut), expectedAfter(log, cut)),
      );
      expect(proved).toBe(cuts.length);
    },
  );
});
