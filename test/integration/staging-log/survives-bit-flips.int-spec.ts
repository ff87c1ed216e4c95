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
} from '../../support/damage-flips.js';
import {
  beside,
  leaveLog,
  newBench,
  proveOpening,
  segmentsOf,
  type LeftLog,
} from '../../support/damage-log.js';
import { expectLog, readWhole, type ExpectedLog } from '../../support/damage-reading.js';

let log: LeftLog;
/** Of two records each: one is one block, the next two blocks, the last one is active. */
let segments: string[];

beforeAll(async () => {
  log = await leaveLog('closed');
  segments = segmentsOf(log.image);
});

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
    const proved = await withEach(everyFlip(log, name), newBench, (bench, flip) =>
      proveOpening(bench, flippedImage(log, flip), expectedAfterFlip(log, flip)),
    );
    expect(proved).toBe(bits(name));
  });

  it.each([0, 1, 2])('in the .sums of segment %i condemns no bytes', async (nth) => {
    const name = beside(segments[nth]!, 'sums');
    const proved = await withEach(everyFlip(log, name), newBench, async (bench, flip) => {
      bench.lay(flippedImage(log, flip));
      await expectBeside(bench, soundLog(log));
      if (flip.bit % 4 === 0) await proveOpening(bench, flippedImage(log, flip), soundLog(log));
    });
    expect(proved).toBe(bits(name));
  });

  it('in an .ids, or in the key of ids, forgets none', async () => {
    for (const name of [beside(segments[1]!, 'ids'), 'log.key']) {
      const proved = await withEach(everyFlip(log, name), newBench, (bench, flip) =>
        proveOpening(bench, flippedImage(log, flip), soundLog(log)),
      );
      expect(proved).toBe(bits(name));
    }
  });
});
