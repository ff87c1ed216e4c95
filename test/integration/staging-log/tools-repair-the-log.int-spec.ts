import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { repairLog, type RepairOptions } from '../../../src/staging-log/tools/repair-log.js';
import { watchReads } from '../../../src/tools/watched-segments.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { bytesOf, fillLog, hashesOf, verifyAt, type Verdict } from './tools-support.js';

let bench: StagingLogWorkbench;
let directory: string;
let segments: string[];

beforeEach(async () => {
  bench = await StagingLogWorkbench.create({ segmentBytesMax: 2_000 });
  ({ directory } = bench);
  await fillLog(bench, 300);
  segments = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
});

afterEach(() => bench.remove());

const path = (segment: string, extension = 'jsonl'): string =>
  join(directory, segment.replace('jsonl', extension));

async function repair(more: Partial<RepairOptions> = {}): Promise<Verdict> {
  await repairLog({
    ...{ dataDir: bench.dataDir, segmentBytesMax: 2_000, dedupeIdsMax: 100_000 },
    ...{ dedupeWindowSeconds: 100, appendQueueBytesMax: 1, backlogBytesMax: 0 },
    ...{ diskFreeBytesMin: 0, files: bench.files },
    report: (level, message) => void bench.reports.push(`${level} ${message}`),
    ...more,
  });
  return verifyAt(directory);
}

it('makes lost and damaged side files anew, and changes no byte of a record', async () => {
  const before = await bytesOf(directory);
  const ids = await readFile(path(segments[1]!, 'ids'));
  await rm(path(segments[0]!, 'sums'));
  const sums = await readFile(path(segments[1]!, 'sums'), 'utf8');
  await writeFile(path(segments[1]!, 'sums'), `0${sums}`);
  ids[70] = ids[70]! ^ 1; // of a segment that no start looks at: its ids left the window long ago
  await writeFile(path(segments[1]!, 'ids'), ids);
  await rm(path(segments.at(-2)!, 'ids'));
  await appendFile(path(segments.at(-1)!), '{"torn');
  await writeFile(join(directory, 'x.sums.new'), 'unfinished');
  expect((await verifyAt(directory)).damages).toBe(3);
  expect(await repair()).toMatchObject({ damages: 0, unprovedBytes: 0 });
  expect((await bytesOf(directory)).equals(before)).toBe(true);
  const names = await readdir(directory);
  expect(names.filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(names.filter((name) => name.startsWith('torn-'))).toHaveLength(1);
});

it('makes no checksum for a block that does not match the one it has', async () => {
  const damaged = path(segments[2]!);
  const bytes = await readFile(damaged);
  bytes[10] = bytes[10]! ^ 1;
  await writeFile(damaged, bytes);
  const found = await verifyAt(directory);
  const sums = await readFile(path(segments[2]!, 'sums'), 'utf8');
  // Its last line is gone, so it is completed: the line of the block stays.
  await writeFile(path(segments[2]!, 'sums'), sums.slice(0, sums.indexOf('sealed')));
  const repaired = await repair();
  expect(repaired.damage).toEqual(found.damage);
  expect(await readFile(path(segments[2]!, 'sums'), 'utf8')).toBe(sums);
  expect((await readFile(damaged)).equals(bytes)).toBe(true);
});

it('leaves what only a backup can put right, and says so', async () => {
  const { length } = await readFile(path(segments[1]!));
  await truncate(path(segments[1]!), length - 20);
  await rm(path(segments[3]!));
  await appendFile(path(segments[4]!), 'foreign\n');
  const { damage } = await repair();
  expect(damage).toHaveLength(3);
  expect(await readFile(path(segments[4]!), 'utf8')).toContain('foreign');
});

it('does nothing to a sound log', async () => {
  await repair(); // under narrower bounds than those the ids were written under
  const before = await hashesOf(directory);
  expect((await repair()).damages).toBe(0);
  expect(await hashesOf(directory)).toEqual(before);
});

it('tells before each step how much that reads', async () => {
  await repair(); // under other bounds than before: what their ids are is settled
  const sizesOf = async (names: readonly string[]): Promise<number> => {
    const sizes = await Promise.all(names.map(async (name) => (await stat(name)).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const covered = segments.slice(1, 3).map((segment) => path(segment));
  for (const segment of segments.slice(1, 3)) await rm(path(segment, 'sums'));
  const names = (await readdir(directory)).map((name) => join(directory, name));
  const ids = await sizesOf(names.filter((name) => name.endsWith('.ids')));
  const all = ids + (await sizesOf(names.filter((name) => name.endsWith('.jsonl'))));
  const steps: { step: string; told: number; read: number }[] = [];
  const onStep = (step: string, told: number): void => void steps.push({ step, told, read: 0 });
  const files = watchReads((bytes) => (steps.at(-1)!.read += bytes));
  expect((await repair({ files, onStep })).damages).toBe(0);
  const bytes = await sizesOf(covered);
  expect(steps).toEqual([
    { step: 'opening', told: all, read: expect.any(Number) },
    { step: 'checksums', told: bytes, read: bytes },
    { step: 'ids', told: ids, read: expect.any(Number) },
  ]);
  expect(steps[0]!.read).toBeGreaterThan(0);
  expect(steps[0]!.read).toBeLessThanOrEqual(all);
  expect(steps[2]!.read).toBeGreaterThanOrEqual(ids - segments.length * 4); // their checksums
});

it('begins no log where there is none', async () => {
  await rm(directory, { recursive: true });
  await expect(repair()).rejects.toMatchObject({ code: 'LOG_MISSING' });
  expect(await readdir(bench.dataDir)).toEqual([]);
});
