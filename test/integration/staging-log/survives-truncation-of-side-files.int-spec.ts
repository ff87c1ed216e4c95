import { beforeAll, describe, expect, it } from '@jest/globals';
import { withEach } from '../../support/damage-bench.js';
import { soundLog } from '../../support/damage-flips.js';
import { sampleCases } from '../../support/sample-cases.js';
import { leaveLog, newBench, proveOpening, type LeftLog } from '../../support/damage-log.js';

const ONE_IN = 3;
const LEAVINGS = ['closed', 'killed', 'unsealed'] as const;

describe.each(LEAVINGS)('a side file of a log that was left %s', (leaving) => {
  let log: LeftLog;

  beforeAll(async () => {
    log = await leaveLog(leaving);
  });

  const cutFiles = (extension: RegExp): { name: string; length: number }[] =>
    [...log.image]
      .filter(([name]) => extension.test(name))
      .flatMap(([name, bytes]) => Array.from(bytes, (_byte, length) => ({ name, length })));

  it.each([/\.sums$/, /\.ids$/, /^log\.key$/])(
    'may be cut at any byte: nothing is lost, condemned or forgotten (%s)',
    async (extension) => {
      const cuts = sampleCases(cutFiles(extension), ONE_IN, ({ length }) => length === 0);
      const proved = await withEach(cuts, newBench, (bench, { name, length }) => {
        const image = new Map(log.image).set(name, log.image.get(name)!.subarray(0, length));
        return proveOpening(bench, image, soundLog(log));
      });
      expect(proved).toBe(cuts.length);
      expect(proved === 0).toBe(leaving === 'unsealed' && extension.test('.ids'));
    },
  );

  it('may be left unfinished, and is removed', async () => {
    const names = [...log.image.keys()].map((name) => `${name}.new`);
    const proved = await withEach(names, newBench, async (bench, name) => {
      const image = new Map(log.image).set(name, Buffer.from('half a fi'));
      await proveOpening(bench, image, soundLog(log));
      expect([...bench.image().keys()]).not.toContain(name);
    });
    expect(proved).toBe(log.image.size);
  });
});
