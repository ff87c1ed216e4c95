import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { flipByte, segmentAt, segmentStarts } from '../processor/break-files.js';
import { HookedReader } from '../processor/hooked-reader.js';
import { append, LoadHarness, type TestEvent } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const EVENTS = 6_000;

describe('verify of a log whose first segments are deleted begins at a share', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let dataDir: string;
  let log: StagingLog;
  let starts: number[];
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    dataDir = harness.dataDir();
    log = await open();
    for (let index = 0; index < EVENTS; index += 200) {
      const events = Array.from({ length: 200 }, (_, n): TestEvent => [`u-${index % 97}`, n / 8]);
      await append(log, ...events);
    }
    await load();
    starts = await segmentStarts(dataDir);
    expect(starts.length).toBeGreaterThan(3);
  });
  afterAll(() => harness.remove());

  const open = (): Promise<StagingLog> => harness.openLog('data', { segmentBytesMax: 80_000 });
  const load = (): Promise<unknown> => harness.processor(log, { dataDir }).runOnce();
  const verify = () => shares.verify(log, { dataDir });
  const shareAt = (offset: number): string =>
    join(dataDir, 'staging', `${String(offset).padStart(20, '0')}.share`);
  const start = (index: number): number => starts[index] ?? 0;

  async function writeShareAt(index: number, from?: number): Promise<void> {
    const to = toOffset(start(index));
    const previous = from === undefined ? {} : { from: shareAt(start(from)) };
    await shares.write({ log, to, usersMax: 20, ...previous }, shareAt(to));
  }

  /** Gives it a checksum that matches. */
  async function changeShare(index: number, change: (text: string) => string): Promise<void> {
    const path = shareAt(start(index));
    const changed = change(await readFile(path, 'utf8')).slice(0, -9);
    const crc = crc32(changed).toString(16).padStart(8, '0');
    await writeFile(path, `${changed}${crc}\n`);
  }

  /** Deletes the first segments, as retention does, and opens the log anew. */
  async function deleteSegments(count: number): Promise<void> {
    await log.close();
    for (const first of starts.slice(0, count)) {
      for (const extension of ['jsonl', 'sums', 'ids']) {
        await rm(segmentAt(dataDir, first).replace(/jsonl$/, extension), { force: true });
      }
    }
    log = await open();
  }

  test('and finds the table exact, load after load, segment after segment', async () => {
    await writeShareAt(1);
    await deleteSegments(1);
    expect(log.startOffset()).toBe(start(1));
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: EVENTS }, users: 30 });
    await append(log, ['later', 1]);
    await load();
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: EVENTS + 1 } });
    await writeShareAt(2, 1);
    await deleteSegments(2);
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: EVENTS + 1 } });
    expect((await shares.compute(log, dataDir)).outcome).toMatchObject({ kind: 'written' });
  });

  test('and finds a user who is off, of a deleted segment too', async () => {
    await writeShareAt(2);
    await deleteSegments(2);
    await harness.dataSource.query(
      `update users_revenue set revenue = revenue + 0.000001 where user_id = 'u-0'`,
    );
    expect(await verify()).toMatchObject({ kind: 'drift', differencesTotal: 1 });
  });

  test('the newest that is sound', async () => {
    await writeShareAt(1);
    await writeShareAt(2);
    await deleteSegments(1);
    await flipByte(shareAt(start(2)), 100);
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: EVENTS } });
    await flipByte(shareAt(start(1)), 100);
    const refused = await verify();
    expect(refused).toMatchObject({ kind: 'refused', code: 'SHARE_MISSING' });
    expect(refused).toHaveProperty('message', expect.stringContaining(shareAt(start(1))));
  });

  test('a newer one, when the one it was to begin at has made room for that', async () => {
    await writeShareAt(1);
    await writeShareAt(2);
    await writeShareAt(3);
    const newer = await readFile(shareAt(start(2)));
    await rm(shareAt(start(2)));
    await changeShare(3, (text) => text.replace('"fingerprint":"', '"fingerprint":"0'));
    await deleteSegments(1);
    const beforeFingerprint = async (offset: number): Promise<void> => {
      // That of the newest share is looked at, which is none: the names are known by now.
      if (offset !== start(3)) return;
      await writeFile(shareAt(start(2)), newer);
      await rm(shareAt(start(1)), { force: true });
    };
    const hooked = new HookedReader(log, { beforeFingerprint });
    expect(await shares.verify(hooked, { dataDir })).toMatchObject({ kind: 'exact' });
  });

  test('a newer one, once it looks at a moment of the database that is not before that', async () => {
    await writeShareAt(1);
    await deleteSegments(1);
    let moved = false;
    const beforeFingerprint = async (): Promise<void> => {
      if (moved) return;
      moved = true;
      await append(log, ['later', 1]);
      await load();
      const to = log.endOffset();
      await shares.write({ log, to, from: shareAt(start(1)) }, shareAt(to));
      await rm(shareAt(start(1)));
    };
    const hooked = new HookedReader(log, { beforeFingerprint });
    expect(await shares.verify(hooked, { dataDir })).toMatchObject({
      kind: 'exact',
      events: { inLog: EVENTS + 1, inTable: EVENTS + 1 },
    });
  });

  test.each<[string, (text: string) => string]>([
    [
      'another log',
      (text) => text.replace(/(?<="identity":")./, (digit) => (digit === '0' ? '1' : '0')),
    ],
    ['another offset', (text) => text.replace('"offset":', '"offset":1')],
  ])('but not at one of %s', async (_what, change) => {
    await writeShareAt(1);
    await deleteSegments(1);
    await changeShare(1, change);
    expect(await verify()).toMatchObject({ kind: 'refused', code: 'SHARE_MISSING' });
  });

  test('but reads all of it as long as all is there', async () => {
    await writeShareAt(1);
    await writeFile(shareAt(start(1)), 'no share');
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: EVENTS } });
  });

  test('but refuses a segment that is gone without a share', async () => {
    await deleteSegments(1);
    const refused = await verify();
    expect(refused).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(refused).toHaveProperty('message', expect.stringContaining(`0 to ${start(1)}`));
  });

  test.each([
    ['that has loaded nothing', 'truncate users_revenue, load_checkpoint'],
    ['that was restored to an older state', 'update load_checkpoint set "offset" = 1000'],
  ])('but refuses, as a load does, a database %s', async (_what, sql) => {
    await writeShareAt(1);
    await deleteSegments(1);
    await harness.dataSource.query(sql);
    expect(await verify()).toMatchObject({ kind: 'refused', code: 'LOG_TRIMMED' });
    const before = await harness.balances();
    expect(await load()).toMatchObject({ kind: 'wrong-log', code: 'LOG_TRIMMED' });
    expect(await harness.balances()).toEqual(before);
  });

  test('and is exact beside other logs that give theirs', async () => {
    const other = await harness.openLog('other');
    await append(other, ['u-0', 0.000001], ['only', 3]);
    await harness.processor(other).runOnce();
    const shareFile = join(harness.directory, 'other.share');
    await writeFile(shareFile, (await shares.compute(other)).written);
    await writeShareAt(1);
    await deleteSegments(1);
    expect(await shares.verify(log, { dataDir, shareFiles: [shareFile] })).toMatchObject({
      kind: 'exact',
      events: { inLog: EVENTS + 2, inTable: EVENTS + 2 },
    });
  });
});
