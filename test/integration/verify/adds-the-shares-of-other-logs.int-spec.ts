import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const now = (): number => 1_763_900_000_000;

describe('verify adds the shares of other logs that feed the table', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let own: StagingLog;
  let second: StagingLog;
  let third: StagingLog;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    own = await harness.openLog('data', { now });
    second = await harness.openLog('second', { now });
    third = await harness.openLog('third', { now });
    await append(own, ['abc', 0.1], ['own', 5]);
    await append(second, ['abc', 0.2], ['debt', 7, 'subtract_revenue']);
    await append(third, ['abc', 0.3], ['debt', 7], ['\u{1F600}', 1]);
    for (const log of [own, second, third]) await harness.processor(log).runOnce();
  });
  afterAll(() => harness.remove());

  /** Writes the share of a log as it is loaded, to a file of this name. */
  async function shareOf(log: StagingLog, name = log.identity): Promise<string> {
    const path = join(harness.directory, `${name}.share`);
    await writeFile(path, (await shares.compute(log)).written);
    return path;
  }

  test('and finds them exact together, in any order', async () => {
    const shareFiles = [await shareOf(third), await shareOf(second)];
    expect(await shares.verify(own, { shareFiles })).toEqual({
      kind: 'exact',
      offset: own.endOffset(),
      events: { inLog: 7, inTable: 7 },
      users: 4,
      differences: [],
      differencesTotal: 0,
      deadLetters: { inLog: 0, inTable: 0 },
      hours: 1,
      historyDifferences: [],
      historyDifferencesTotal: 0,
    });
    const others = [await shareOf(own), await shareOf(second)];
    expect(await shares.verify(third, { shareFiles: others })).toMatchObject({ kind: 'exact' });
  });

  test('and finds a user who is off', async () => {
    const shareFiles = [await shareOf(third), await shareOf(second)];
    await harness.dataSource.query(
      `update users_revenue set revenue = 0.000001 where user_id = 'debt'`,
    );
    expect(await shares.verify(own, { shareFiles })).toMatchObject({
      kind: 'drift',
      differences: [{ userId: 'debt', inLog: '0', inTable: '0.000001' }],
    });
  });

  test('but refuses as long as one is missing, and names its log', async () => {
    const verification = await shares.verify(own, { shareFiles: [await shareOf(third)] });
    expect(verification).toMatchObject({ kind: 'refused', code: 'OTHER_LOGS' });
    expect(verification).toHaveProperty('message', expect.stringContaining(second.identity));
    expect(verification).toHaveProperty('message', expect.not.stringContaining(third.identity));
  });

  test('but refuses one that is older than what is loaded', async () => {
    const shareFiles = [await shareOf(second), await shareOf(third)];
    await append(third, ['late', 1]);
    await harness.processor(third).runOnce();
    expect(await shares.verify(own, { shareFiles })).toMatchObject({
      kind: 'refused',
      code: 'SHARE_NOT_AT_CHECKPOINT',
    });
    const again = [await shareOf(second), await shareOf(third)];
    expect(await shares.verify(own, { shareFiles: again })).toMatchObject({ kind: 'exact' });
  });

  test('but refuses one of other records at the same offset', async () => {
    const shareFiles = [await shareOf(second), await shareOf(third)];
    await harness.dataSource.query(
      `update load_checkpoint set fingerprint = 'other' where log_id = $1`,
      [third.identity],
    );
    expect(await shares.verify(own, { shareFiles })).toMatchObject({
      kind: 'refused',
      code: 'SHARE_NOT_AT_CHECKPOINT',
    });
  });

  test('but refuses its own, a second one of a log, and one of a log that feeds nothing', async () => {
    const [a, b] = [await shareOf(second), await shareOf(third)];
    const fresh = await harness.openLog('fresh');
    await append(fresh, ['abc', 1]);
    for (const wrong of [await shareOf(own), a, await shareOf(fresh)]) {
      expect(await shares.verify(own, { shareFiles: [a, b, wrong] })).toMatchObject({
        kind: 'refused',
        code: 'SHARE_UNKNOWN',
      });
    }
  });

  test('but refuses a file that is damaged, and one that is none', async () => {
    const [a, b] = [await shareOf(second), await shareOf(third)];
    const { written } = await shares.compute(third);
    const middle = written.length >> 1;
    written.writeUInt8(written.readUInt8(middle) ^ 1, middle);
    await writeFile(b, written);
    for (const wrong of [b, join(harness.directory, 'nothing.share')]) {
      const verification = await shares.verify(own, { shareFiles: [a, wrong] });
      expect(verification).toMatchObject({ kind: 'refused', code: 'SHARE_INVALID' });
      expect(verification).toHaveProperty('message', expect.stringContaining(wrong));
    }
  });
});
