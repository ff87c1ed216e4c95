import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { segmentPath } from '../../../src/staging-log/files/log-layout.js';
import type { RetirableSegment } from '../../../src/staging-log/log-retention.port.js';
import { LocalLogReader } from '../../../src/staging-log/read/local-log-reader.js';
import { DirectoryView } from '../../../src/staging-log/read/log-view.js';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import { eventually } from '../../support/eventually.js';
import { FaultyLogFiles, systemError } from '../../support/staging-log-faults.js';
import { accepting, appendAll, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create({ segmentBytesMax: 200 });
});

afterEach(() => bench.remove());

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function appendNumbers(log: LocalStagingLog, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await appendAll(log, record(n, `id ${n}`));
}

const isSegment = (name: string): boolean => name.endsWith('.jsonl');

const named = (offset: number): string => String(offset).padStart(20, '0');

const isSealed = async (segment: string): Promise<boolean> =>
  (await readFile(segment.replace('.jsonl', '.sums'), 'utf8').catch(() => '')).includes('sealed');

async function retireOldest({ retention }: LocalStagingLog): Promise<void> {
  const action = 'archive';
  let segment: RetirableSegment | null = null;
  await eventually(async () => {
    segment = await retention.findRetirable({ action, loadedForMs: 0 });
    return segment !== null;
  });
  const { end } = segment!;
  await retention.putShare(end, (path) => writeFile(path, 'not read here'));
  expect(await retention.retire(segment!, { action, share: end })).toBe(true);
}

describe('what is away for a moment', () => {
  it('is an error to read, and not damage: the whole directory', async () => {
    const log = await bench.open();
    await appendNumbers(log, 0, 60);
    expect(log.size().segments).toBeGreaterThan(10);
    await rename(bench.directory, `${bench.directory}.away`);
    const read = (): Promise<unknown> => readNumbers(log);
    await expect(read()).rejects.toThrow(/ENOENT/);
    await expect(log.fingerprintBefore(log.endOffset())).resolves.toMatch(/^[0-9a-f]{32}$/);
    await rename(`${bench.directory}.away`, bench.directory);
    expect(await readNumbers(log)).toEqual(numbers(60));
  });

  it('is judged only when it stays away: one segment', async () => {
    const log = await bench.open();
    await appendNumbers(log, 0, 60);
    const first = join(bench.directory, `${'0'.repeat(20)}.jsonl`);
    await eventually(() => isSealed(first));
    await rename(first, `${first}.away`);
    expect(await log.read(START_OF_LOG, 100)).toMatchObject({ kind: 'damaged', offset: 0 });
    let opens = 0;
    bench.files.before = async (call, _nth, path) => {
      // Back between the two looks.
      if (call === 'open' && path === first && ++opens === 2) await rename(`${first}.away`, first);
    };
    expect(await log.read(START_OF_LOG, 100)).toMatchObject({ kind: 'records' });
  });

  it('is found where it went meanwhile: archived while a tool looks', async () => {
    await bench.remove();
    bench = await StagingLogWorkbench.create({ segmentBytesMax: 200, dedupeIdsMax: 0 });
    const log = await bench.open();
    const { directory } = bench;
    const files = new FaultyLogFiles();
    const place = { directory, identity: log.identity };
    const view = await DirectoryView.open(files, place, () => log.endOffset());
    const beside = new LocalLogReader(files, view);
    await appendNumbers(log, 0, 30);
    log.noteLoaded(log.endOffset());
    await eventually(() => isSealed(segmentPath(directory, 0)));
    // The tool, which knows one segment, lists them anew, and then they are packed.
    files.after = async (call) => {
      if (call !== 'readdir') return;
      files.heal();
      await retireOldest(log);
      await retireOldest(log);
    };
    const second = toOffset(
      Number((await readdir(directory)).filter(isSegment).sort()[1]?.slice(0, 20)),
    );
    expect(await beside.read(second, 100)).toMatchObject({ kind: 'records' });
    expect((await readdir(directory)).filter(isSegment)).not.toContain(`${named(second)}.jsonl`);
    expect(await readNumbers(beside)).toEqual(numbers(30));
    await beside.close();
  });
});

describe('side files that cannot be written', () => {
  it('cost no descriptors, however many segments wait for theirs', async () => {
    bench.files.before = (call, _nth, path) => {
      if (call === 'open' && /(sums|ids)\.new$/.test(path)) throw systemError('EIO');
    };
    const log = await bench.open();
    await appendNumbers(log, 0, 20);
    await readNumbers(log);
    const few = bench.files.descriptors.size;
    await appendNumbers(log, 20, 200);
    expect(await readNumbers(log)).toEqual(numbers(200));
    await eventually(() => bench.files.descriptors.size <= few + 8);
    expect(log.health()).toEqual({ kind: 'accepting' });
  });
});

describe('an open block that lost acknowledged bytes', () => {
  it('is left behind, and events are taken again without a restart', async () => {
    await bench.remove();
    bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    await appendNumbers(log, 0, 3);
    // Seen by the look of every second, so that the next one knows the record.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    bench.files.before = async (call) => {
      if (call !== 'fdatasync') return;
      bench.files.heal();
      const bytes = await readFile(bench.segment);
      await writeFile(bench.segment, bytes.fill('#', 100, 110), { flag: 'r+' });
      throw systemError('EIO');
    };
    expect(await log.append([record(3, 'id 3')])).toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await accepting(log);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(log.health()).toEqual({ kind: 'accepting' });
    await appendNumbers(log, 3, 5);
    const damaged = await log.read(START_OF_LOG, 1_000);
    expect(damaged).toMatchObject({ kind: 'damaged', code: 'BLOCK_CORRUPT', offset: 0 });
    const { next } = damaged as { readonly next: typeof START_OF_LOG };
    expect(await log.read(next, 1_000)).toMatchObject({ kind: 'records' });
    expect(log.size().segments).toBe(2);
  });
});
