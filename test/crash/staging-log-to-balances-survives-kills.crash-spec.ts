import { expect, it } from '@jest/globals';
import { runChaos } from '../support/run-chaos.js';
import { testSeed } from '../support/seeded-random.js';

const CYCLES = 6;

it('counts what was acknowledged exactly once, whenever the application is killed', async () => {
  const options = ['--level', 'product', '--cycles', `${CYCLES}`, '--seed', `${testSeed()}`];
  const { code, output } = await runChaos(...options);
  console.info(output);
  expect(code).toBe(0);
  expect(output).toContain('verify: exact');
}, 300_000);
