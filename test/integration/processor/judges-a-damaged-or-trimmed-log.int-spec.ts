import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  toOffset,
  type LogComparison,
  type Offset,
  type StagingLog,
} from '../../../src/staging-log/staging-log.port.js';
import { HookedReader } from './hooked-reader.js';
import { append, LoadHarness } from './load-harness.js';

/** A real log that has lost the bytes that would prove it. */
class ForgetfulReader extends HookedReader {
  constructor(
    log: StagingLog,
    private readonly says: LogComparison | null,
    private readonly start = 0,
  ) {
    super(log, {});
  }

  override compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    return this.says === null ? super.compare(offset, fingerprint) : Promise.resolve(this.says);
  }

  override startOffset(): Offset {
    return toOffset(this.start);
  }
}

describe('where the log cannot prove itself any more', () => {
  let harness: LoadHarness;
  let log: StagingLog;
  let path: string;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    path = join(harness.directory, 'checkpoint.json');
    log = await harness.openLog();
    await append(log, ['abc', 1]);
    await harness.processor(log).runOnce();
    await append(log, ['abc', 10]);
  });
  afterAll(() => harness.remove());

  const everything = async (): Promise<unknown> => ({
    balances: await harness.balances(),
    checkpoints: await harness.checkpoints(),
  });

  test('a damaged place is proved by checkpoint.json, and loads go on', async () => {
    const outcome = await harness.processor(new ForgetfulReader(log, 'damaged')).runOnce();
    expect(outcome).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '11' });
  });

  test.each<[string, (text: string) => string | null]>([
    ['missing', () => null],
    ['torn', (text) => text.slice(0, -10)],
    ['empty', () => ''],
    ['null', () => 'null'],
    ['of another log', (text) => text.replace(log.identity, log.identity.replace(/./, 'x'))],
    ['of another offset', (text) => text.replace('"offset":', '"offset":1')],
    ['of another record', (text) => text.replace('"fingerprint":"', '"fingerprint":"0')],
  ])('LOG_DAMAGED: nothing is loaded when checkpoint.json is %s', async (_what, change) => {
    const changed = change(await readFile(path, 'utf8'));
    await (changed === null ? rm(path) : writeFile(path, changed));
    const before = await everything();
    const processor = harness.processor(new ForgetfulReader(log, 'damaged'));
    for (let i = 0; i < 2; i++) {
      const outcome = await processor.runOnce();
      expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_DAMAGED' });
      expect(outcome).toHaveProperty('message', expect.stringContaining('new-epoch'));
    }
    expect(await everything()).toEqual(before);
    // Once the segment is restored, the log proves itself, and loads go on.
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '11' });
  });

  test('LOG_DAMAGED: nothing is loaded when checkpoint.json cannot be read', async () => {
    await rm(path);
    await mkdir(path);
    const outcome = await harness.processor(new ForgetfulReader(log, 'damaged')).runOnce();
    expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_DAMAGED' });
  });

  test.each([
    ['what was loaded last is deleted', 'trimmed', 0],
    ['it begins behind the checkpoint', null, 1_000],
  ] as const)('LOG_TRIMMED: nothing is loaded when %s', async (_what, says, start) => {
    const before = await everything();
    const outcome = await harness.processor(new ForgetfulReader(log, says, start)).runOnce();
    expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_TRIMMED' });
    expect(await everything()).toEqual(before);
  });

  test('LOG_TRIMMED: nothing is loaded into an empty database when the start is deleted', async () => {
    await harness.dataSource.query('truncate users_revenue, load_checkpoint');
    const outcome = await harness.processor(new ForgetfulReader(log, null, 10)).runOnce();
    expect(outcome).toMatchObject({ kind: 'wrong-log', code: 'LOG_TRIMMED' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('begins at offset 10'));
    expect(await everything()).toEqual({ balances: {}, checkpoints: [] });
  });
});
