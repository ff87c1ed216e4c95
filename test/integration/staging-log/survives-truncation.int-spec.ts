import { describe, expect, it } from '@jest/globals';
import { withEach } from '../../support/damage-bench.js';
import { cutImage, everyCut, expectedAfter, type Cut } from '../../support/damage-cuts.js';
import { leaveLog, newBench, proveOpening, type Leaving } from '../../support/damage-log.js';

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

describe('a log of which a segment is cut at any byte', () => {
  it.each(cases)(
    'is whole up to there, and tells exactly what is missing: $leaving, later ones $laterOnes, without $without',
    async ({ leaving, ...how }) => {
      const log = await leaveLog(leaving);
      const proved = await withEach(everyCut(log, how), newBench, (bench, cut) =>
        proveOpening(bench, cutImage(log, cut), expectedAfter(log, cut)),
      );
      expect(proved).toBe(log.borders.at(-1)! + log.borders.length - 1);
    },
  );
});
