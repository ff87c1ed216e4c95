import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { formatRecord } from '../../../src/staging-log/record-format.js';
import { eventually } from '../../support/eventually.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const SEGMENTS = 5;
const IDS_EACH = 20;
const START_MS = 1_763_800_000_000;
const WINDOW_MS = 3_600_000;

let bench: StagingLogWorkbench;
let log: LocalStagingLog;

const open = async (): Promise<LocalStagingLog> => (log = await bench.open());

async function reopen(): Promise<void> {
  await log.close();
  bench.reports.length = 0;
  await open();
}

const idFiles = async (): Promise<string[]> =>
  (await readdir(bench.directory)).filter((name) => name.endsWith('.ids')).sort();

const recordsOf = (segment: number): ReturnType<typeof record>[] =>
  Array.from({ length: IDS_EACH }, (_, n) => record(n, `id ${segment}-${n}`));

/** Sends all again. @returns what was answered, without repetitions. */
async function answers(segments: readonly number[]): Promise<string[]> {
  const outcomes = [];
  for (const segment of segments) outcomes.push(...(await appendAll(log, ...recordsOf(segment))));
  return [...new Set(outcomes)];
}

const ALL = Array.from({ length: SEGMENTS }, (_, segment) => segment);

beforeEach(async () => {
  bench = await StagingLogWorkbench.create({ segmentBytesMax: 1 });
  bench.now = START_MS;
  await open();
  // Each commit fills a segment.
  for (const segment of ALL) await appendAll(log, ...recordsOf(segment));
  await eventually(async () => (await idFiles()).length === SEGMENTS - 1);
});

afterEach(() => bench.remove());

describe('ids of a log of several segments', () => {
  it('are known while it is open, and when it was opened again', async () => {
    expect(await answers(ALL)).toEqual(['duplicate']);
    await reopen();
    expect(await answers(ALL)).toEqual(['duplicate']);
    expect(bench.reports).toEqual([]);
  });

  it('are known from the segments when their files are lost or damaged, which are made anew', async () => {
    const before = await idFiles();
    await rm(join(bench.directory, before[0]!));
    await truncate(join(bench.directory, before[2]!), 100);
    await reopen();
    expect(await answers(ALL)).toEqual(['duplicate']);
    expect(bench.reports).toHaveLength(2);
    expect(await idFiles()).toEqual(before);
    await reopen();
    expect(await answers(ALL)).toEqual(['duplicate']);
    expect(bench.reports).toEqual([]);
  });

  it('leave by the time that passed, over rotations and restarts', async () => {
    bench.passTime(WINDOW_MS / 2);
    await appendAll(log, ...recordsOf(SEGMENTS)); // a new segment, half a window later
    // Without its file, a segment's lines tell less of the time that passed: ids stay longer.
    await eventually(async () => (await idFiles()).length === SEGMENTS);
    await reopen();
    bench.passTime(WINDOW_MS / 2);
    expect(await answers([...ALL, SEGMENTS])).toEqual(['duplicate']);
    bench.passTime(4_000);
    expect(await answers([SEGMENTS])).toEqual(['duplicate']);
    expect(await answers(ALL)).toEqual(['appended']);
  });

  it('are kept in a file although a line among them is too long to be a record', async () => {
    await log.close();
    await rm(bench.directory, { recursive: true });
    const line = formatRecord(START_MS, { id: 'laid', payload: '{"n":1}' });
    log = await bench.openOver(`${'x'.repeat(2 * 1024 * 1024)}\n${line}`);
    await appendAll(log, record(2, 'second segment'));
    await log.close(); // from now on nothing is written in the background
    for (const name of await idFiles()) await rm(join(bench.directory, name));
    await reopen();
    expect(bench.reports).toEqual([expect.stringMatching(/^info .*written anew/)]);
    await reopen();
    expect(bench.reports).toEqual([]);
    expect(await appendAll(log, record(1, 'laid'))).toEqual(['duplicate']);
  });
});
