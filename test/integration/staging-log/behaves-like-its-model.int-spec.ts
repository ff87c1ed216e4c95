/**
 * Random sequences of commands on the staging log and on a model of it: appends, concurrent ones, ids that come
 * again, failing calls, deaths at any call, losses of power, starts with other bounds, reads and proofs
 * anywhere. What was acknowledged must be there, in order, once and whole, whatever happened.
 *
 * A failure prints the shortest sequence that was found, and what replays it:
 * `{ seed: 42, path: "17:3:1", endOnFailure: true }` is
 *
 *     LOG_MODEL_SEED=42 LOG_MODEL_PATH=17:3:1 npm run jest -- test/integration/staging-log/behaves-like-its-model \
 *       --selectProjects integration
 *
 * The seed is another one each time, and printed. LOG_MODEL_RUNS says how many sequences are tried: here a
 * sample, 10,000 for the whole proof.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { nodeLogFiles } from '../../../src/staging-log/files/log-files.js';
import { seededRandom } from '../../support/seeded-random.js';
import { scenario } from '../../support/staging-log-model-commands.js';
import { MemoryDisk } from '../../support/staging-log-model-disk.js';
import { ModelRun } from '../../support/staging-log-model-run.js';

function printed(seed: number): number {
  console.info(`LOG_MODEL_SEED=${seed}`);
  return seed;
}

const runs = (usual: number): fc.Parameters<unknown> => {
  const { LOG_MODEL_SEED: seed, LOG_MODEL_PATH: path, LOG_MODEL_RUNS: numRuns } = process.env;
  return {
    numRuns: Number(numRuns ?? usual),
    seed: printed(Number(seed ?? Date.now() % 2 ** 31)),
    ...(path === undefined ? {} : { path }),
    endOnFailure: path !== undefined,
  };
};

const passTimers = (milliseconds: number): void => {
  jest.advanceTimersByTime(milliseconds);
};

beforeEach(() => {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'],
  });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the staging log behaves like its model', () => {
  it('in memory, through losses of power', async () => {
    const property = fc.asyncProperty(scenario, async (one) => {
      const disk = new MemoryDisk('/data');
      const random = seededRandom(one.seed);
      const ground = {
        ...{ dataDir: '/data', files: disk, passTimers },
        end: (ending: 'killed' | 'power lost') => {
          disk.end(ending, random);
        },
        onFailedSync: (fd: number) => {
          disk.dropUnsynced(fd);
        },
      };
      await new ModelRun(ground, one).run();
    });
    await fc.assert(property, runs(2_500));
  }, 600_000);

  it('on files of the system', async () => {
    const property = fc.asyncProperty(scenario, async (one) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'revenue-etl-model-'));
      try {
        const nothing = (): void => undefined; // the system keeps what a killed process wrote
        const ground = {
          dataDir,
          files: nodeLogFiles,
          passTimers,
          end: nothing,
          onFailedSync: nothing,
        };
        await new ModelRun(ground, one).run();
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    });
    await fc.assert(property, runs(50));
  }, 600_000);
});
