import { describe, expect, it } from '@jest/globals';
import type { LogImage } from '../../support/damage-bench.js';
import {
  beside,
  leaveLog,
  newBench,
  proveOpening,
  segmentsOf,
  type LeftLog,
} from '../../support/damage-log.js';
import type { ExpectedLog } from '../../support/damage-reading.js';

/** Of these segments the `.sums` is left, which tells how far the log went. */
function without({ image }: LeftLog, numbers: readonly number[]): LogImage {
  const lost = numbers.map((nth) => segmentsOf(image)[nth]!);
  return new Map([...image].filter(([name]) => !lost.includes(name)));
}

function expectedWithout({ borders, records }: LeftLog, numbers: readonly number[]): ExpectedLog {
  const [from, to] = [borders[numbers[0]!]!, borders[numbers.at(-1)! + 1]!];
  return {
    end: borders.at(-1)!,
    damaged: [{ from, to, code: 'BLOCK_MISSING' }],
    records: records.filter(({ offset }) => offset < from || offset >= to),
  };
}

const LOST = [[0], [1], [2], [0, 1]];
const LOST_TO_THE_END = [
  [1, 2],
  [0, 1, 2],
];

describe('a segment that is not there', () => {
  it.each(LOST)('is missing from where it began to where it ended: %i %s', async (...lost) => {
    const numbers = lost.filter(Number.isInteger);
    const log = await leaveLog('closed');
    const bench = newBench();
    try {
      await proveOpening(bench, without(log, numbers), expectedWithout(log, numbers));
    } finally {
      bench.remove();
    }
  });

  it.each(LOST_TO_THE_END)(
    'is not written again when later ones are lost, too: %i',
    async (...numbers) => {
      const log = await leaveLog('closed');
      const bench = newBench();
      try {
        bench.lay(without(log, numbers));
        const opened = await bench.open();
        expect([opened.startOffset(), opened.endOffset()]).toEqual([0, log.borders.at(-1)]);
        await opened.close();
      } finally {
        bench.remove();
      }
    },
  );

  it('comes back when it is put back, and the one before it ends where it did', async () => {
    const log = await leaveLog('closed');
    const bench = newBench();
    try {
      const lost = segmentsOf(log.image)[2]!;
      const sumsBefore = beside(segmentsOf(log.image)[1]!, 'sums');
      const image = new Map(without(log, [2]));
      image.delete(sumsBefore);
      bench.lay(image);
      await (await bench.open()).close();
      const repaired = bench.image();
      expect(repaired.get(sumsBefore)!.toString()).toContain(
        `sealed ${log.borders[2]! - log.borders[1]!} `,
      );
      const restored = new Map(repaired).set(lost, log.image.get(lost)!);
      await proveOpening(bench, restored, {
        end: log.borders.at(-1)!,
        damaged: [],
        records: log.records,
      });
    } finally {
      bench.remove();
    }
  });
});
