import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { segmentAt, segmentStarts } from '../processor/break-files.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

describe('share files of deleted segments, written before they told of hours', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  let share: string;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    log = await harness.openLog('data', { segmentBytesMax: 1 });
    for (let index = 0; index < 5; index++) await append(log, ['abc', 0.1], ['xyz', index]);
    await harness.processor(log).runOnce();
  });
  afterAll(() => harness.remove());

  /** The first two segments, which are kept in `backup`. */
  async function deleteSegments(backup: string): Promise<void> {
    const [first = 0, second = 0, third = 0] = await segmentStarts(harness.dataDir());
    share = join(harness.dataDir(), 'staging', `${String(third).padStart(20, '0')}.share`);
    await shares.write({ log, to: toOffset(third) }, share);
    await log.close();
    await cp(join(harness.dataDir(), 'staging'), backup, { recursive: true });
    for (const start of [first, second]) {
      const segment = segmentAt(harness.dataDir(), start);
      for (const kind of ['jsonl', 'sums', 'ids']) {
        await rm(segment.replace(/jsonl$/, kind), { force: true });
      }
    }
    await writeVersion1();
    log = await harness.openLog('data', { segmentBytesMax: 1 });
    expect(log.startOffset()).toBe(third);
  }

  async function writeVersion1(): Promise<void> {
    const [header = '', , ...rest] = (await readFile(share, 'utf8')).split('\n');
    const before = { ...(JSON.parse(header) as Record<string, unknown>), version: 1 };
    for (const later of ['hours', 'hoursBytes']) Reflect.deleteProperty(before, later);
    const lines = [JSON.stringify(before), ...rest.slice(0, -2)];
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    await writeFile(share, bytes);
    await writeFile(share, `${crc32(bytes).toString(16).padStart(8, '0')}\n`, { flag: 'a' });
  }

  test('are refused with what helps, and once the segments are back all is exact', async () => {
    const backup = join(harness.directory, 'backup');
    await deleteSegments(backup);
    const options = { dataDir: harness.dataDir() };
    const refused = await shares.verify(log, options);
    expect(refused).toMatchObject({ kind: 'refused', code: 'SHARE_MISSING' });
    const remedy = /version 1 .* write it again with this software, which needs the segments that/;
    expect('message' in refused && refused.message).toMatch(remedy);

    await log.close();
    await cp(backup, join(harness.dataDir(), 'staging'), { recursive: true });
    await writeVersion1(); // it stays where it was
    log = await harness.openLog('data', { segmentBytesMax: 1 });
    expect(log.startOffset()).toBe(0);
    expect(await shares.verify(log, options)).toMatchObject({ kind: 'exact' });
  });
});
