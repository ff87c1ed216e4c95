import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLogBesideOwner } from '../../../src/staging-log/log-tools.port.js';
import { eventually } from '../../support/eventually.js';
import { readLines, readNumbers } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import {
  appendNumbers,
  createBench,
  loadAll,
  namesIn,
  plain,
  retireOne,
  unpacked,
} from './archives-support.js';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await createBench();
});

afterEach(() => bench.remove());

describe('an archived segment', () => {
  it('is one file that zcat reads, and is read by the log as before, now and after a restart', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 40]);
    const before = await namesIn(bench.directory);
    const texts = await Promise.all(before.plain.map((first) => plain(bench.directory, first)));
    await loadAll(log, bench);
    for (const first of before.plain.slice(0, -1)) expect(await retireOne(log)).toBe(first);
    expect(await retireOne(log)).toBeNull();

    expect(await namesIn(bench.directory)).toEqual({
      plain: before.plain.slice(-1),
      archived: before.plain.slice(0, -1),
      shares: before.plain.slice(-1),
      left: [],
    });
    for (const [at, first] of before.plain.slice(0, -1).entries()) {
      expect(await unpacked(bench.directory, first)).toBe(texts[at]);
    }
    expect(log.startOffset()).toBe(0);
    expect(await readNumbers(log)).toEqual(numbers(0, 40));
    await log.close();

    const again = await bench.open();
    expect([again.startOffset(), await readNumbers(again)]).toEqual([0, numbers(0, 40)]);
    await appendNumbers(again, bench, [40, 60]);
    expect(await readNumbers(again)).toEqual(numbers(0, 60));
    expect([...bench.files.descriptors].length).toBeLessThan(12);
  });

  it('has the fingerprints that it had, and many blocks are found by their place', async () => {
    const log = await bench.open({ segmentBytesMax: 300_000 });
    for (let n = 0; n < 2; n++) {
      const filler = Array.from({ length: 5_000 }, (_, i) => ({
        payload: `{"n":${i},"s":"${'x'.repeat(60)}"}`,
      }));
      await log.append(filler);
    }
    await appendNumbers(log, bench, [0, 3]);
    const [first, second] = (await namesIn(bench.directory)).plain;
    const offsets: number[] = [];
    for (let offset = first ?? 0; offset < (second ?? 0);) {
      const chunk = await log.read(offset as never, 20_000);
      if (chunk.kind !== 'records') throw new Error(chunk.kind);
      offset = chunk.next;
      offsets.push(offset);
    }
    const look = (): Promise<string[]> =>
      Promise.all(offsets.map((offset) => log.fingerprintBefore(offset as never)));
    const before = await look();
    await loadAll(log, bench);
    expect(await retireOne(log)).toBe(0);
    expect(await look()).toEqual(before);
    expect(offsets.length).toBeGreaterThan(20);
    expect(await log.compare(offsets[7] as never, before[7] ?? '')).toBe('same');
  });

  it('is found by a reader beside the owner that knew it plain', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 30]);
    await loadAll(log, bench);
    const beside = await openLogBesideOwner(bench.dataDir, () => log.endOffset());
    while ((await retireOne(log)) !== null);
    expect(await readNumbers(beside.log)).toEqual(numbers(0, 30));
    await beside.close();
  });

  it('is packed while reads go on, before and behind the moment when its file goes', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 60]);
    await loadAll(log, bench);
    let retiring = true;
    const reads: Promise<number[]>[] = [];
    bench.files.before = (call, _nth, path) => {
      if (call === 'unlink' && path.endsWith('.jsonl')) reads.push(readNumbers(log));
    };
    const reader = (async () => {
      while (retiring) expect(await readNumbers(log)).toEqual(numbers(0, 60));
    })();
    while ((await retireOne(log)) !== null);
    retiring = false;
    await reader;
    expect(reads.length).toBeGreaterThan(5);
    for (const read of reads) expect(await read).toEqual(numbers(0, 60));
    expect(bench.files.strayCloses).toBe(0);
  });

  it('has the lines of others that it had, however long they are', async () => {
    await bench.lay(`{"n":0}\n${'y'.repeat(3_000_000)}\n\n\0\xff\n{"n":1}\n`);
    const log = await bench.open();
    await appendNumbers(log, bench, [2, 4]);
    const before = await readLines(log);
    expect(before.map(({ oversized }) => oversized)).toContain(true);
    await loadAll(log, bench);
    expect(await retireOne(log)).toBe(0);
    expect(await readLines(log)).toEqual(before);
  });

  it('gives its descriptor back, so that its space is free', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 20]);
    await readNumbers(log);
    await loadAll(log, bench);
    const open = bench.files.descriptors.size;
    expect(await retireOne(log)).toBe(0);
    await eventually(() => bench.files.descriptors.size === open - 1);
  });
});

describe('a deleted segment', () => {
  it('moves the start of the log, and offsets keep their meaning', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 40]);
    const before = await namesIn(bench.directory);
    const [, second = 0, third = 0] = before.plain;
    const fingerprints = {
      within: await log.fingerprintBefore(second as never),
      last: await log.fingerprintBefore(log.endOffset()),
    };
    await loadAll(log, bench, 'delete');
    expect(await retireOne(log, 'delete')).toBe(0);
    expect(await retireOne(log, 'delete')).toBe(second);

    const check = async (opened: typeof log): Promise<void> => {
      expect(opened.startOffset()).toBe(third);
      await expect(opened.read(second as never, 1)).rejects.toThrow(`the log begins at ${third}`);
      expect(await opened.compare(second as never, fingerprints.within)).toBe('trimmed');
      expect(await opened.compare(third as never, 'any')).toBe('trimmed');
      expect(await opened.compare(opened.endOffset(), fingerprints.last)).toBe('same');
      const chunk = await opened.read(third as never, 1_000_000);
      expect(chunk).toMatchObject({ kind: 'records' });
    };
    await check(log);
    expect(await namesIn(bench.directory)).toEqual({
      ...{ plain: before.plain.slice(2), archived: [], shares: [third], left: [] },
    });
    await log.close();
    await check(await bench.open());
  });

  it('may be one that was archived before, and takes no archive that a crash left', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 40]);
    await loadAll(log, bench);
    const [, second = 0, third = 0] = (await namesIn(bench.directory)).plain;
    expect(await retireOne(log)).toBe(0);
    // The next one gets its archive, but its file stays.
    bench.files.failNext('unlink', new Error('killed'), [1, 2, 3]);
    await expect(retireOne(log)).rejects.toThrow('killed');
    bench.files.heal();
    await log.close();
    const again = await bench.open();
    expect((await namesIn(bench.directory)).archived).toEqual([0, second]);
    await loadAll(again, bench, 'delete');
    expect(await retireOne(again, 'delete')).toBe(0);
    expect(await retireOne(again, 'delete')).toBe(second);
    expect(again.startOffset()).toBe(third);
    const names = await namesIn(bench.directory);
    expect([names.archived, names.plain[0], names.left]).toEqual([[], third, []]);
  });

  it('ends a read of what it held with an error, not with damage', async () => {
    const log = await bench.open();
    await appendNumbers(log, bench, [0, 40]);
    await loadAll(log, bench, 'delete');
    const outcomes: Promise<unknown>[] = [];
    bench.files.after = (call, _nth, path) => {
      if (call !== 'unlink' || !path.endsWith('.jsonl')) return;
      const outcome = log.read(0 as never, 1).then((chunk) => chunk.kind, String);
      outcomes.push(outcome);
    };
    expect(await retireOne(log, 'delete')).toBe(0);
    expect(await Promise.all(outcomes)).toEqual([expect.stringContaining('the log begins at')]);
  });
});
