import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toOffset, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { DamagedReader } from '../processor/damaged-reader.js';
import { append, LoadHarness, recordLine, type TestEvent } from '../processor/load-harness.js';
import { readHeader, readLines, ShareHarness } from './share-harness.js';

describe('a share is written', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let log: StagingLog;
  let path: string;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    path = join(harness.directory, 'a.share');
    await (
      await harness.openLogWith(`${recordLine('abc', 0.1)}poison\n${recordLine('abc', 0.2, 7)}`)
    ).close();
    log = await harness.openLog('data', { now: () => 1_763_900_000_000 });
    await append(
      log,
      ['\u{1F600}', 5],
      ['\uFFFD', 7.5, 'subtract_revenue'],
      ['zero', 3],
      ['zero', 3, 'subtract_revenue'],
    );
    await harness.processor(log).runOnce();
  });
  afterAll(() => harness.remove());

  test('with what is loaded: an exact sum an hour, in the order of time, and a user, in that of their bytes', async () => {
    await shares.write({ log, to: log.endOffset() }, path);
    const [checkpoint] = await harness.checkpoints();
    expect(await readLines(path)).toEqual([
      {
        version: 2,
        identity: log.identity,
        offset: log.endOffset(),
        fingerprint: checkpoint?.['fingerprint'],
        events: 6,
        deadLetters: 1,
        users: 4,
        hours: 3,
        hoursBytes: '[["0","0.2"],["489944","0.1"],["489972","-2.5"]]\n'.length,
      },
      [
        ['0', '0.2'],
        ['489944', '0.1'],
        ['489972', '-2.5'],
      ],
      ['abc', '0.3'],
      ['zero', '0'],
      ['\uFFFD', '-7.5'],
      ['\u{1F600}', '5'],
    ]);
    expect(await readHeader(path)).toMatchObject({ events: 6 });
    expect(await readdir(harness.directory)).not.toContain('a.share.new');
  });

  test('to a stream with the same bytes, up to the checkpoint', async () => {
    await shares.write({ log, to: log.endOffset() }, path);
    await append(log, ['later', 1]);
    const { outcome, written } = await shares.compute(log);
    expect(outcome).toMatchObject({ kind: 'written', header: { events: 6, users: 4 } });
    expect(written.equals(await readFile(path))).toBe(true);
  });

  test('of a log that was never loaded: nothing', async () => {
    await harness.dataSource.query('truncate users_revenue, load_checkpoint, dead_letters');
    const { written } = await shares.compute(log);
    await writeFile(path, written);
    expect(await readHeader(path)).toMatchObject({
      offset: 0,
      events: 0,
      users: 0,
      hours: 0,
      fingerprint: '',
    });
  });

  test('the same in steps, of a few users in memory at a time, as in one', async () => {
    const events = Array.from({ length: 3_000 }, (_, n): TestEvent => [`u-${(n * 7) % 501}`, n]);
    const steps = [log.endOffset()];
    for (let index = 0; index < events.length; index += 1_000) {
      await append(log, ...events.slice(index, index + 1_000));
      steps.push(log.endOffset());
    }
    for (const [index, to] of steps.entries()) {
      const from = index === 0 ? {} : { from: `${path}.${index - 1}` };
      await shares.write({ log, to, usersMax: 10, ...from }, `${path}.${index}`);
    }
    await shares.write({ log, to: log.endOffset() }, path);
    const inSteps = await readFile(`${path}.${steps.length - 1}`);
    expect(inSteps.equals(await readFile(path))).toBe(true);
    expect(await readHeader(path)).toMatchObject({ events: 3_006, users: 505 });
  });

  test('without what is quarantined, and never of what was loaded and is damaged now', async () => {
    await harness.dataSource.query('truncate users_revenue, load_checkpoint, dead_letters');
    const damaged = new DamagedReader(log);
    const [first, all] = [recordLine('abc', 0.1).length, log.endOffset()];
    damaged.damage = [
      { from: first, to: first + 'poison\n'.length + recordLine('abc', 0.2, 7).length },
    ];
    await harness.processor(damaged).runOnce();
    await shares.write({ log: damaged, to: all }, path);
    expect(await readHeader(path)).toMatchObject({ events: 5, deadLetters: 1 });
    const lines = await readLines(path);
    expect(lines[1]).toEqual([
      ['489944', '0.1'],
      ['489972', '-2.5'],
    ]);
    expect(lines).toContainEqual(['abc', '0.1']);
    const before = await readFile(path);
    damaged.damage = [{ from: 0, to: first }];
    const writing = shares.write({ log: damaged, to: all }, path);
    await expect(writing).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    expect((await readFile(path)).equals(before)).toBe(true);
    const { outcome, written } = await shares.compute(damaged);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(written).toHaveLength(0);
  });

  test('but not to a stream when the log is not the one that was loaded', async () => {
    await harness.dataSource.query(`update load_checkpoint set fingerprint = 'other'`);
    const { outcome, written } = await shares.compute(log);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'LOG_FORKED' });
    expect(written).toHaveLength(0);
  });

  test('but not up to a place where no record ends', async () => {
    const to = toOffset(log.endOffset() - 1);
    await expect(shares.write({ log, to }, path)).rejects.toThrow();
    expect(await readdir(harness.directory)).not.toContain('a.share');
  });
});
