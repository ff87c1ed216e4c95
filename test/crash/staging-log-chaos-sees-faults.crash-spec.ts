import { rm } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { runChaos } from '../support/run-chaos.js';
import { testSeed } from '../support/seeded-random.js';

/** Those that are found within seconds; the others need a kill in a short span. */
const FAULTS = ['lose-writes', 'keep-torn-tails', 'forget-ids'];

it.concurrent.each(FAULTS)(
  'finds a log whose fault is to %s, and leaves it for a look',
  async (fault) => {
    const seed = `${testSeed()}`;
    const { code, output } = await runChaos('--cycles', '300', '--seed', seed, '--fault', fault);
    const found = new RegExp(`VIOLATION (.+)\n(?:.*\n)*seed ${seed}, see (/.+)\n`).exec(output);
    expect({ code, output }).toEqual({ code: 1, output: found?.input });
    await rm(found![2]!, { recursive: true });
  },
  300_000,
);
