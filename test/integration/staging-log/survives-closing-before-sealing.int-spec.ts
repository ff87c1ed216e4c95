import { expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { systemError } from '../../support/staging-log-faults.js';
import { appendAll, readTexts, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

/** Two of them fill a block, and six a segment. */
const LONG = 'x'.repeat(30_000);
const SEGMENT_BYTES_MAX = 170_000;

const appendLong = async (log: LocalStagingLog, from: number): Promise<void> => {
  for (let n = from; n < from + 14; n++) await appendAll(log, { ...record(n, `${n} ${LONG}`) });
};

it('closes all files of segments that could not be sealed, and leaves the next start to prove them', async () => {
  const bench = await StagingLogWorkbench.create({ segmentBytesMax: SEGMENT_BYTES_MAX });
  try {
    bench.files.before = (call, _nth, path) => {
      if (call === 'open' && path.endsWith('.ids.new')) throw systemError('ENOSPC');
    };
    const log = await bench.open();
    await appendLong(log, 0);
    const texts = await readTexts(log);
    expect([texts.length, log.size().segments]).toEqual([14, 3]);
    await log.close();
    expect([bench.files.strayCloses, [...bench.files.descriptors]]).toEqual([0, []]);
    bench.files.heal();
    const again = await bench.open();
    expect(await readTexts(again)).toEqual(texts);
    await appendLong(again, 14);
    expect(await readTexts(again)).toHaveLength(28);
  } finally {
    await bench.remove();
  }
});
