import { expect, it } from '@jest/globals';
import { runChaos } from '../support/run-chaos.js';
import { testSeed } from '../support/seeded-random.js';

const CYCLES = 120;

it('holds what was acknowledged exactly once, wherever its process is killed', async () => {
  const options = ['--level', 'log', '--cycles', `${CYCLES}`, '--seed', `${testSeed()}`];
  const { code, output } = await runChaos(...options);
  console.info(output);
  expect(code).toBe(0);
}, 300_000);
