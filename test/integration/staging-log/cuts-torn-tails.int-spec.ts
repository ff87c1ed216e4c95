import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendAll, readNumbers, readTexts, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

async function keptTails(): Promise<Buffer[]> {
  const names = (await readdir(bench.directory)).filter((name) => name.startsWith('torn-'));
  expect(names.filter((name) => name.endsWith('.jsonl'))).toEqual([]);
  return Promise.all(names.map((name) => readFile(join(bench.directory, name))));
}

describe('a log that was cut off', () => {
  it('keeps all whole records, at every byte', async () => {
    const written = await bench.open();
    await appendAll(written, record(1, 'é1'), record(2), record(3, '😀'));
    await written.close();
    const whole = await bench.bytes();
    const ends = [0, ...[...whole.keys()].filter((at) => whole[at] === 0x0a).map((at) => at + 1)];
    expect(ends).toHaveLength(4);
    for (let length = 0; length <= whole.length; length++) {
      await bench.remove();
      bench = await StagingLogWorkbench.create();
      const log = await bench.openOver(whole.subarray(0, length));
      const end = ends.findLast((one) => one <= length) ?? 0;
      const numbers = [1, 2, 3].slice(0, ends.indexOf(end));
      expect([log.endOffset(), await readNumbers(log)]).toEqual([end, numbers]);
      expect(await keptTails()).toEqual(length === end ? [] : [whole.subarray(end, length)]);
      expect(bench.reports.length).toBe(length === end ? 0 : 1);
      const known = numbers.includes(1);
      expect(await appendAll(log, record(1, 'é1'), record(4))).toEqual([
        known ? 'duplicate' : 'appended',
        'appended',
      ]);
      await log.close();
      const now = [...(known ? numbers : [1]), 4];
      expect(await readNumbers(await bench.open())).toEqual(now);
    }
  });

  it('does not take complete JSON without its line end for a record, nor its id as known', async () => {
    const log = await bench.openOver('{"timestamp":1,"n":1}\n{"timestamp":9,"id":"a","n":2}');
    expect(await readNumbers(log)).toEqual([1]);
    expect(await appendAll(log, record(3, 'a'))).toEqual(['appended']);
    expect(await readNumbers(log)).toEqual([1, 3]);
  });

  it('loses a tail of zeros, as file systems leave it after a power cut', async () => {
    const whole = '{"timestamp":1,"n":1}\n';
    const zeros = Buffer.alloc(5_000);
    const log = await bench.openOver(Buffer.concat([Buffer.from(whole), zeros]));
    expect(log.endOffset()).toBe(whole.length);
    expect(await keptTails()).toEqual([zeros]);
    await appendAll(log, record(2));
    expect(await readNumbers(log)).toEqual([1, 2]);
  });

  it.each([65_535, 65_536, 65_537, 200_000, 3 * 1024 * 1024])(
    'keeps a torn tail of %i bytes aside, byte for byte',
    async (length) => {
      const whole = Buffer.from('{"timestamp":1,"n":1}\n');
      const tail = Buffer.from(Array.from({ length }, (_, i) => 32 + ((i * 7) % 90)));
      const log = await bench.openOver(Buffer.concat([whole, tail]));
      expect(log.endOffset()).toBe(whole.length);
      expect((await keptTails()).map((kept) => kept.equals(tail))).toEqual([true]);
      expect(bench.reports).toEqual([expect.stringMatching(`cut ${length} bytes .* offset 22`)]);
      expect(await readTexts(log)).toEqual(['{"timestamp":1,"n":1}']);
    },
  );

  it('is empty again when there was no line end at all', async () => {
    const log = await bench.openOver(Buffer.alloc(100_000, 'x'));
    expect(log.endOffset()).toBe(0);
    await appendAll(log, record(1));
    expect(await readNumbers(log)).toEqual([1]);
  });
});
