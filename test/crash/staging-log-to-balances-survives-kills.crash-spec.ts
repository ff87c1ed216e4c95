import { expect, it } from '@jest/globals';
import { runChaos } from '../support/run-chaos.js';
import { testSeed } from '../support/seeded-random.js';

/** One round of all kinds: six of the application, four of its PostgreSQL, one of both. */
const KILLS = 11;

it('counts what was acknowledged exactly once, whenever the application or its PostgreSQL is killed', async () => {
  const options = ['--level', 'mixed', '--cycles', `${KILLS}`, '--seed', `${testSeed()}`];
  const { code, output } = await runChaos(...options);
  console.info(output);
  expect(code).toBe(0);
  expect(output).toContain('verify: exact');
  expect(Number(/^kills: (\d+)/m.exec(output)?.[1])).toBe(KILLS);
}, 300_000);
