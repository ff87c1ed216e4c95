import { expect, it } from '@jest/globals';
import { runChaos } from '../support/run-chaos.js';
import { testSeed } from '../support/seeded-random.js';

/** Some of them come to no kill: a point is not always passed. */
const CYCLES = 70;
const KILLS_MIN = 50;

// Two at once: a campaign mostly waits for one process at a time.
it.concurrent.each([0, 1])(
  'holds what was acknowledged exactly once, wherever its process is killed (campaign %i)',
  async (nth) => {
    const seed = `${testSeed() + nth}`;
    const options = ['--level', 'log', '--cycles', `${CYCLES}`, '--seed', seed];
    const { code, output } = await runChaos(...options);
    console.info(output);
    expect(code).toBe(0);
    expect(Number(/^kills: (\d+)/m.exec(output)?.[1])).toBeGreaterThanOrEqual(KILLS_MIN);
  },
  300_000,
);
