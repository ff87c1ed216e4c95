import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { loadedPath } from '../../../src/staging-log/files/log-layout.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { appendNumbers, createBench, DAY_MS, namesIn, retireOne } from './archives-support.js';

let bench: StagingLogWorkbench;
let log: LocalStagingLog;

beforeEach(async () => {
  bench = await createBench();
  log = await bench.open();
  await appendNumbers(log, bench, [0, 12]);
});

afterEach(() => bench.remove());

const RULES = { action: 'archive', loadedForMs: DAY_MS } as const;

/** Where the segment begins that may go now. */
const due = async (opened = log): Promise<number | undefined> =>
  (await opened.retention.findRetirable(RULES))?.first;

const ends = async (): Promise<readonly number[]> =>
  (await namesIn(bench.directory)).plain.slice(1);

/** Looks, and lets so much time go by. */
async function pass(milliseconds: number): Promise<void> {
  await log.retention.findRetirable(RULES);
  bench.passTime(milliseconds);
}

describe('the mark of when it was loaded', () => {
  const mark = (): string => loadedPath(bench.directory, 0);

  async function reopen(): Promise<void> {
    await log.close();
    log = await bench.open();
    log.noteLoaded(log.endOffset());
  }

  beforeEach(async () => {
    log.noteLoaded(log.endOffset());
    await pass(DAY_MS / 2);
  });

  it('lasts over a restart', async () => {
    await reopen();
    await pass(DAY_MS / 2);
    expect(await due()).toBe(0);
  });

  it.each([
    ['damaged', (path: string) => writeFile(path, '1763800000000 230 00000000\n')],
    ['torn', (path: string) => truncate(path, 10)],
    ['gone', (path: string) => rm(path)],
  ])('is written anew when it is %s: kept longer', async (_what, harm) => {
    await harm(mark());
    await reopen();
    await pass(DAY_MS / 2);
    expect(await due()).toBeUndefined();
    bench.passTime(DAY_MS / 2);
    expect(await due()).toBe(0);
  });

  it('is removed when a restart finds a database that has loaded less', async () => {
    await log.close();
    log = await bench.open();
    log.noteLoaded(toOffset(0));
    log.noteLoaded(log.endOffset());
    await pass(DAY_MS / 2);
    expect(await due()).toBeUndefined();
    await pass(DAY_MS);
    expect(await due()).toBe(0);
  });

  it('comes from a clock that was ahead: it is written anew', async () => {
    await log.close();
    bench.now = (bench.now ?? 0) - 30 * DAY_MS;
    log = await bench.open();
    log.noteLoaded(log.endOffset());
    await pass(DAY_MS - 1);
    expect(await due()).toBeUndefined();
    bench.passTime(1);
    expect(await due()).toBe(0);
  });

  it('counts no step of the wall clock while the process runs', async () => {
    bench.now = (bench.now ?? 0) + 300 * DAY_MS;
    expect(await due()).toBeUndefined();
    bench.now -= 600 * DAY_MS;
    bench.passTime(DAY_MS / 2);
    expect(await due()).toBe(0);
  });

  it('is there for later segments as well, so that they need not wait again', async () => {
    const firsts = [0, ...(await ends()).slice(0, -1)];
    const paths = firsts.map((first) => loadedPath(bench.directory, first));
    const marks = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
    expect(marks.length).toBeGreaterThan(1);
    await pass(DAY_MS / 2);
    for (const first of firsts) expect(await retireOne(log)).toBe(first);
    expect(await retireOne(log)).toBeNull();
  });
});
