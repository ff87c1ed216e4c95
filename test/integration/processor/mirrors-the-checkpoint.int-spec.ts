import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness } from './load-harness.js';

describe('checkpoint.json mirrors the checkpoint', () => {
  let harness: LoadHarness;
  let log: StagingLog;
  let path: string;
  let truth: Record<string, unknown>;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    path = join(harness.directory, 'checkpoint.json');
    log = await harness.openLog();
    await append(log, ['abc', 1]);
    await append(log, ['abc', 10]);
    await harness.processor(log).runOnce();
    const [{ log_id: logId, ...checkpoint } = {}] = await harness.checkpoints();
    truth = { logId, ...checkpoint };
  });
  afterAll(() => harness.remove());

  async function expectNoSecondLoad(): Promise<void> {
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '11' });
    expect(harness.reports).toHaveLength(1);
  }

  test('says what the database says', async () => {
    expect(await harness.mirror()).toEqual(truth);
  });

  test.each([
    ['missing', null],
    ['empty', ''],
    ['torn', '{"logId":"5e'],
    ['binary', '\0\0\0\0'],
    ['stale', '{"logId":"x","offset":0,"fingerprint":"","timestamp":null,"events":0}\n'],
    ['ahead', '{"logId":"x","offset":99999999,"fingerprint":"f","timestamp":9e15,"events":9}\n'],
  ])('is written again when it is %s, and never read back', async (_what, text) => {
    await (text === null ? rm(path) : writeFile(path, text));
    await expectNoSecondLoad();
    expect(await harness.mirror()).toEqual(truth);
    await append(log, ['abc', 100]);
    await writeFile(path, text ?? '');
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '111' });
  });

  test('may be lost by a crash after the commit: nothing is loaded twice', async () => {
    await append(log, ['abc', 100]);
    // As after a SIGKILL between the two: committed, and the file still says the old place.
    await mkdir(`${path}.new`);
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.mirror()).toEqual(truth);
    await rm(`${path}.new`, { recursive: true });
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '111' });
    expect(await harness.mirror()).toMatchObject({ offset: log.endOffset(), events: 3 });
  });

  test('is left alone while it says the truth', async () => {
    const before = await stat(path, { bigint: true });
    await harness.processor(log).runOnce();
    const after = await stat(path, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });
});
