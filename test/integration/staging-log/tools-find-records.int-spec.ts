import { rm, writeFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findBorders } from '../../../src/staging-log/tools/find-borders.js';
import { findRecordAt, findRecordSince } from '../../../src/staging-log/tools/find-record.js';
import { inspectLog } from '../../../src/staging-log/tools/inspect-log.js';
import { readRange } from '../../../src/staging-log/tools/read-range.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { seededRandom, testSeed } from '../../support/seeded-random.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { bytesOf, fillLog, lookAt } from './tools-support.js';

const FIRST_TIME = 1_700_000_000_000;

let bench: StagingLogWorkbench;
let bytes: Buffer;
/** Where records begin, and the end of the log. */
let borders: number[];

beforeAll(async () => {
  bench = await StagingLogWorkbench.create({ segmentBytesMax: 3_000 });
  await fillLog(bench, 400);
  bytes = await bytesOf(bench.directory);
  borders = [0];
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1))
    borders.push(at + 1);
});

afterAll(() => bench.remove());

describe('looking for records', () => {
  it('finds the borders around any offset, with checksums and without', async () => {
    const random = seededRandom(testSeed());
    const probe = (): Promise<void> =>
      lookAt(bench.directory, async (opened) => {
        for (let round = 0; round < 150; round++) {
          const offset = Math.floor(random() * (bytes.length + 10));
          const before = borders.findLast((border) => border <= offset);
          const after = borders.find((border) => border >= offset) ?? bytes.length;
          expect({ offset, ...(await findBorders(opened, offset)) }).toEqual({
            offset,
            before,
            after,
          });
        }
      });
    await probe();
    const sums = (await readdir(bench.directory)).filter((name) => name.endsWith('.sums'));
    const kept = await Promise.all(sums.map((name) => readFile(join(bench.directory, name))));
    for (const name of sums) await rm(join(bench.directory, name));
    await probe();
    for (const [at, name] of sums.entries()) {
      await writeFile(join(bench.directory, name), kept[at]!);
    }
  });

  it('finds the record at or behind an offset, and none behind the last', async () => {
    await lookAt(bench.directory, async (opened) => {
      const found = await findRecordAt(opened, borders[7]! - 3);
      expect(found).toMatchObject({ offset: borders[7], next: borders[8] });
      expect(found?.line).toBe(bytes.toString('utf8', borders[7], borders[8]! - 1));
      expect(await findRecordAt(opened, bytes.length)).toBeNull();
    });
  });

  it('finds the first record at or after a time', async () => {
    await lookAt(bench.directory, async (opened) => {
      for (const [time, n] of [
        [0, 0],
        [FIRST_TIME, 0],
        [FIRST_TIME + 1, 1],
        [FIRST_TIME + 200_000, 200],
        [FIRST_TIME + 398_999, 399],
      ] as const) {
        expect((await findRecordSince(opened, time))?.offset).toBe(borders[n]);
      }
      expect(await findRecordSince(opened, FIRST_TIME + 399_001)).toBeNull();
    });
  });

  it('reads any range of whole records as it stands in the files', async () => {
    const random = seededRandom(testSeed());
    await lookAt(bench.directory, async (opened) => {
      for (let round = 0; round < 30; round++) {
        const [a, b] = [random(), random()]
          .map((part) => borders[Math.floor(part * borders.length)]!)
          .sort((one, other) => one - other);
        const range = { from: toOffset(a!), to: toOffset(b!) };
        const pieces: Buffer[] = [];
        const fail = (): never => {
          throw new Error('there is no damage here');
        };
        for await (const piece of readRange(opened, range, fail)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(bytes.subarray(a, b))).toBe(true);
      }
    });
  });

  it('tells segments without a gap, and which one is appended to', async () => {
    const { segments, start, end } = await lookAt(bench.directory, inspectLog);
    expect([start, end]).toEqual([0, bytes.length]);
    let expected = 0;
    for (const segment of segments) {
      expect(segment.first).toBe(expected);
      expected = segment.end;
    }
    expect(expected).toBe(bytes.length);
    const states = segments.map(({ state }) => state);
    expect(new Set(states.slice(0, -1))).toEqual(new Set(['sealed']));
    expect(states.at(-1)).toBe('active');
  });

  it('gives a line that is too long for a record byte for byte', async () => {
    const other = await StagingLogWorkbench.create();
    try {
      const long = `${'x'.repeat(3 * 1024 * 1024)}\n`;
      await other.lay(`{"timestamp":1,"a":1}\n${long}{"timestamp":2,"a":2}\n`);
      await lookAt(other.directory, async (opened) => {
        const range = { from: toOffset(0), to: opened.log.endOffset() };
        const pieces: Buffer[] = [];
        for await (const piece of readRange(opened, range, () => undefined)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(await other.bytes())).toBe(true);
        const middle = await findBorders(opened, 1_000_000);
        expect(middle).toEqual({ before: 22, after: 22 + long.length });
      });
    } finally {
      await other.remove();
    }
  });
});
