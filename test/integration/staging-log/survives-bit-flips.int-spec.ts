import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openLogBesideOwner } from '../../../src/staging-log/tools/open-log-reader.js';
import { withEach, type DamageBench } from '../../support/damage-bench.js';
import {
  everyFlip,
  expectedAfterFlip,
  flipped,
  flippedImage,
  soundLog,
  type Flip,
} from '../../support/damage-flips.js';
import {
  beside,
  leaveLog,
  newBench,
  proveOpening,
  segmentsOf,
  type LeftLog,
} from '../../support/damage-log.js';
import { sampleCases } from '../../support/sample-cases.js';
import { expectLog, readWhole, type ExpectedLog } from '../../support/damage-reading.js';

/** Of a start, two bits of every byte. */
const ONE_IN = 4;

let log: LeftLog;
/** Of two records each: one is one block, the next two blocks, the last one is active. */
let segments: string[];

beforeAll(async () => {
  log = await leaveLog('closed');
  segments = segmentsOf(log.image);
});

const placeOf = ({ byte, bit }: Flip): number => byte * 8 + bit;
const bits = (name: string): number => log.image.get(name)!.length * 8;

/** Reads beside the owner, who would have had to look at the directory anew. */
async function expectBeside(bench: DamageBench, expected: ExpectedLog): Promise<void> {
  const { log: reader, close } = await openLogBesideOwner(bench.dataDir, () => expected.end);
  try {
    expectLog(await readWhole(reader), expected);
  } finally {
    await close();
  }
}

describe('a bit that is flipped', () => {
  it.each([0, 1])('in the sealed segment %i is told as its block, and as no more', async (nth) => {
    const name = segments[nth]!;
    const bench = newBench();
    bench.lay(log.image);
    const opened = await bench.open();
    try {
      let found = 0;
      for (const flip of everyFlip(log, name)) {
        writeFileSync(join(bench.directory, name), flipped(log.image.get(name)!, flip));
        const read = await readWhole(opened, flip.bit % 2 === 0 ? 64 * 1024 : 1);
        expectLog(read, expectedAfterFlip(log, flip));
        found += 1;
      }
      expect(found).toBe(bits(name));
    } finally {
      await opened.close();
      bench.remove();
    }
  });

  it('in the active segment is told as its block, after a start, too', async () => {
    const name = segments.at(-1)!;
    const flips = sampleCases(everyFlip(log, name), ONE_IN);
    const proved = await withEach(flips, newBench, (bench, flip) =>
      proveOpening(bench, flippedImage(log, flip), expectedAfterFlip(log, flip)),
    );
    expect(proved).toBe(flips.length);
    expect(proved).toBeGreaterThanOrEqual(bits(name) / ONE_IN);
  });

  it.each([0, 1, 2])('in the .sums of segment %i condemns no bytes', async (nth) => {
    const name = beside(segments[nth]!, 'sums');
    const opened = new Set(sampleCases(everyFlip(log, name), 2 * ONE_IN).map(placeOf));
    const proved = await withEach(everyFlip(log, name), newBench, async (bench, flip) => {
      bench.lay(flippedImage(log, flip));
      await expectBeside(bench, soundLog(log));
      if (!opened.has(placeOf(flip))) return;
      await proveOpening(bench, flippedImage(log, flip), soundLog(log));
    });
    expect(proved).toBe(bits(name));
  });

  it('in an .ids, or in the key of ids, forgets none', async () => {
    for (const name of [beside(segments[1]!, 'ids'), 'log.key']) {
      const flips = sampleCases(everyFlip(log, name), ONE_IN);
      const proved = await withEach(flips, newBench, (bench, flip) =>
        proveOpening(bench, flippedImage(log, flip), soundLog(log)),
      );
      expect(proved).toBe(flips.length);
      expect(proved).toBeGreaterThanOrEqual(bits(name) / ONE_IN);
    }
  });
});
