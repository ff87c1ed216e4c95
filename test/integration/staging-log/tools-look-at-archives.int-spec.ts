import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { findBorders } from '../../../src/staging-log/tools/find-borders.js';
import { inspectLog } from '../../../src/staging-log/tools/inspect-log.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { archivePath, archiveSumsPath } from '../../../src/staging-log/files/log-layout.js';
import { readRange } from '../../../src/staging-log/tools/read-range.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { appendNumbers, createBench, loadAll, retireOne } from './archives-support.js';
import { bytesOf, hashesOf, lookAt, verifyAt } from './tools-support.js';

let bench: StagingLogWorkbench;
let log: LocalStagingLog;
let bytes: Buffer;

beforeEach(async () => {
  bench = await createBench();
  log = await bench.open();
  await appendNumbers(log, bench, [0, 60]);
  bytes = await bytesOf(bench.directory);
});

afterEach(() => bench.remove());

async function retireAll(action: 'archive' | 'delete' = 'archive'): Promise<number[]> {
  const retired: number[] = [];
  await loadAll(log, bench, action);
  for (let first = await retireOne(log, action); first !== null;) {
    retired.push(first);
    first = await retireOne(log, action);
  }
  return retired;
}

it('finds archives sound, and reads ranges over them as they were', async () => {
  const [first, second = 0] = await retireAll();
  await log.close();
  expect(await verifyAt(bench.directory)).toMatchObject({ damages: 0, notes: [], start: 0 });
  await lookAt(bench.directory, async (opened) => {
    const { segments } = await inspectLog(opened);
    expect(segments[0]).toMatchObject({ first, end: second, state: 'archived' });
    const from = bytes.indexOf('\n') + 1;
    expect(await findBorders(opened, 1)).toEqual({ before: 0, after: from });
    const range = { from: toOffset(from), to: opened.log.endOffset() };
    const pieces: Buffer[] = [];
    for await (const piece of readRange(opened, range, () => undefined)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(bytes.subarray(from))).toBe(true);
  });
});

it('tells any damage in an archive, by its file, and changes nothing', async () => {
  const [, first = 0, next = 0] = await retireAll();
  await log.close();
  const path = archivePath(bench.directory, first);
  const packed = await readFile(path);
  let found = 0;
  for (let at = 0; at < packed.length; at += 7) {
    const changed = Buffer.from(packed);
    changed[at] = changed[at]! ^ 0x10;
    await writeFile(path, changed);
    const { damage, notes } = await verifyAt(bench.directory);
    // Some bits of a gzip member mean nothing (a time, padding): then nothing is lost with them.
    if (damage.length === 0) {
      expect(gunzipSync(changed).equals(bytes.subarray(first, next))).toBe(true);
      continue;
    }
    found += 1;
    expect({ at, damage, notes }).toEqual({
      at,
      damage: [expect.stringContaining(path)],
      notes: [],
    });
    const [, from, to] = /^offsets (\d+) to (\d+) /.exec(damage[0]!) ?? [];
    expect(Number(from)).toBeGreaterThanOrEqual(first);
    expect(Number(to)).toBeLessThanOrEqual(next);
  }
  expect(found).toBeGreaterThan(packed.length / 14);
  await writeFile(path, packed);
  await appendFile(path, 'more');
  expect((await verifyAt(bench.directory)).damage).toEqual([expect.stringContaining(path)]);
  await writeFile(path, packed);
  const sums = archiveSumsPath(bench.directory, first);
  await rm(sums);
  const { damage } = await verifyAt(bench.directory);
  expect(damage.join('\n')).toContain(sums);
  expect(damage.join('\n')).toContain(`offsets ${first} to ${next} `);
});

it.each(['archive', 'delete'] as const)(
  'finds no damage while retention goes on beside it: %s',
  async (action) => {
    let running = true;
    const retiring = (async (): Promise<void> => {
      for (let n = 60; running; n += 20) {
        await retireAll(action);
        await appendNumbers(log, bench, [n, n + 20]);
      }
    })();
    const found: string[] = [];
    for (let round = 0; round < 40; round++) {
      found.push(...(await verifyAt(bench.directory, () => log.endOffset())).damage);
    }
    running = false;
    await retiring;
    expect(found).toEqual([]);
    expect(log.endOffset()).toBeGreaterThan(bytes.length);
  },
);

it('goes on from where a log begins that lost its oldest segments rightly', async () => {
  const retired = await retireAll('delete');
  const start = log.startOffset();
  await log.close();
  expect(start).toBeGreaterThan(retired.at(-1)!);
  const before = await hashesOf(bench.directory);
  expect(await verifyAt(bench.directory)).toMatchObject({ damages: 0, start, end: bytes.length });
  await lookAt(bench.directory, async (opened) => {
    expect(await findBorders(opened, 0)).toEqual({ before: start, after: start });
    expect((await inspectLog(opened)).shares).toHaveLength(1);
  });
  expect(await hashesOf(bench.directory)).toEqual(before);
});
