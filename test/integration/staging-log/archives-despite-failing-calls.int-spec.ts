import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { idsPath } from '../../../src/staging-log/files/log-layout.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { START_OF_LOG } from '../../../src/staging-log/staging-log.port.js';
import { systemError, type FileCall } from '../../support/staging-log-faults.js';
import { readLines } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import {
  appendNumbers,
  createBench,
  loadAll,
  namesIn,
  retireOne,
  type LogNames,
} from './archives-support.js';

const RECORDS = 12;
/** What retirement calls, and what reading for the share does. */
const BOTH: readonly FileCall[] = [
  ...(['open', 'stat', 'fstat', 'read', 'write', 'fsync', 'close'] as const),
  ...(['rename', 'unlink', 'readdir'] as const),
];
const CALLS = { archive: [...BOTH, 'mkdir'], delete: BOTH } as const;

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await createBench();
});

afterEach(() => bench.remove());

/** All records, but those of whole segments that are deleted with a share that stands for them. */
async function expectWhole(log: LocalStagingLog, names: LogNames): Promise<void> {
  const lines = await readLines(log, log.startOffset());
  const numbers = lines.map(({ text }) => (JSON.parse(text) as { n: number }).n);
  const [first = -1] = numbers;
  expect(numbers).toEqual(Array.from({ length: RECORDS - first }, (_, i) => first + i));
  if (log.startOffset() === START_OF_LOG) expect(first).toBe(0);
  else expect(names.shares.at(-1)).toBeGreaterThanOrEqual(log.startOffset());
}

/** A log whose oldest segment is due, and where its segments begin. */
async function dueLog(action: RetentionAction): Promise<[LocalStagingLog, readonly number[]]> {
  await bench.remove();
  bench = await createBench();
  const log = await bench.open();
  await appendNumbers(log, bench, [0, RECORDS]);
  await loadAll(log, bench, action);
  return [log, (await namesIn(bench.directory)).plain];
}

describe.each<RetentionAction>(['archive', 'delete'])('retirement: %s', (action) => {
  it.each(CALLS[action])(
    'is done again after any failing %s, and nothing is lost',
    async (call) => {
      let failures = 0;
      for (let nth = 1, reached = true; reached; nth++) {
        const [log, firsts] = await dueLog(action);
        reached = false;
        let seen = 0;
        bench.files.before = (name, _number, path) => {
          // Not those of the watch over the active segment, which looks at any time.
          const isWatch = path.includes(String(firsts.at(-1)).padStart(20, '0'));
          if (name !== call || isWatch || ++seen !== nth) return;
          reached = true;
          failures += 1;
          throw systemError('EIO');
        };
        await retireOne(log, action).catch((error: unknown) => {
          expect(String(error)).toContain('EIO');
        });
        bench.files.heal();
        await expectWhole(log, await namesIn(bench.directory));

        // Whether it goes on or starts anew, the rest is done.
        if (nth % 2 === 0) {
          await log.close();
          const again = await bench.open();
          await expectWhole(again, await namesIn(bench.directory));
          await expectRetired(again, { action, firsts });
          await again.close();
        } else {
          await expectRetired(log, { action, firsts });
          await log.close();
        }
        expect([bench.files.strayCloses, [...bench.files.descriptors]]).toEqual([0, []]);
      }
      expect(failures).toBeGreaterThan(0);
    },
  );

  it('tells of a full disk, leaves nothing on it, and is done when there is room', async () => {
    const [log, firsts] = await dueLog(action);
    for (const kind of ['share', 'gz', 'sums']) {
      bench.files.before = (call, _nth, path) => {
        if (call === 'write' && path.includes(kind)) throw systemError('ENOSPC');
      };
      if (action === 'delete' && kind !== 'share') continue;
      await expect(retireOne(log, action)).rejects.toThrow('ENOSPC');
      const { plain, left } = await namesIn(bench.directory);
      expect([plain, left]).toEqual([firsts, []]);
    }
    bench.files.heal();
    await expectRetired(log, { action, firsts });
  });

  it('removes what a process left that was killed before it was done with removing', async () => {
    const [log, firsts] = await dueLog(action);
    const ids = await readFile(idsPath(bench.directory, 0));
    await retireOne(log, action);
    await log.close();
    await writeFile(idsPath(bench.directory, 0), ids);
    const again = await bench.open();
    await expectRetired(again, { action, firsts });
  });
});

async function expectRetired(
  log: LocalStagingLog,
  { action, firsts }: { readonly action: RetentionAction; readonly firsts: readonly number[] },
): Promise<void> {
  await loadAll(log, bench, action);
  while ((await retireOne(log, action)) !== null);
  const names = await namesIn(bench.directory);
  expect(names).toEqual({
    plain: firsts.slice(-1),
    archived: action === 'archive' ? firsts.slice(0, -1) : [],
    shares: firsts.slice(-1),
    left: [],
  });
  await expectWhole(log, names);
}

it('is ended by a close, between two blocks, and the next process does it', async () => {
  const [log, firsts] = await dueLog('archive');
  const gate = bench.files.hold('mkdir');
  const retiring = retireOne(log);
  await gate.reached;
  const closing = log.close();
  gate.open();
  await expect(retiring).rejects.toThrow('the staging log is closing');
  await closing;
  expect([...bench.files.descriptors]).toEqual([]);
  for (const action of ['archive', 'delete'] as const) {
    await expect(retireOne(log, action)).rejects.toThrow('the staging log is closing');
  }
  bench.files.heal();
  await expectRetired(await bench.open(), { action: 'archive', firsts });
});
