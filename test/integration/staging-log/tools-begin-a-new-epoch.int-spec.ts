import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Epoch } from '../../../src/staging-log/tools/new-epoch.js';
import { beginNewEpoch, type NewEpoch } from '../../../src/staging-log/tools/new-epoch.js';
import { FaultyLogFiles, systemError } from '../../support/staging-log-faults.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { bytesOf, fillLog, hashesOf, lookAt, verifyAt } from './tools-support.js';

const RECORDS = 60;

let bench: StagingLogWorkbench;
let old: Buffer;
/** Where record 40 begins. */
let offset: number;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create({ segmentBytesMax: 1_000 });
  await fillLog(bench, RECORDS);
  old = await bytesOf(bench.directory);
  offset = 0;
  for (let n = 0; n < 40; n++) offset = old.indexOf('\n', offset) + 1;
});

afterEach(() => bench.remove());

const begin = (carryFrom: number | null, files = new FaultyLogFiles()): Promise<NewEpoch> =>
  beginNewEpoch({
    ...{ dataDir: bench.dataDir, carryFrom, reason: 'a test', files },
    ...{ segmentBytesMax: 1_000, dedupeIdsMax: 100_000, dedupeWindowSeconds: 3_600 },
    report: (level, message) => void bench.reports.push(`${level} ${message}`),
  });

async function epochOf(): Promise<Epoch> {
  return JSON.parse(await readFile(join(bench.directory, 'epoch.json'), 'utf8')) as Epoch;
}

/** The log in place has these bytes, and knows each id that was ever taken; the old one is aside as it was. */
async function expectNewEpoch(bytes: Buffer, before: Record<string, string>): Promise<void> {
  const { setAside, identity, previousIdentity } = await epochOf();
  expect((await readdir(bench.dataDir)).sort()).toEqual(['staging', setAside]);
  expect(await hashesOf(join(bench.dataDir, setAside))).toEqual(before);
  expect(identity).not.toBe(previousIdentity);
  expect((await verifyAt(bench.directory)).damage).toEqual([]);
  expect((await bytesOf(bench.directory)).equals(bytes)).toBe(true);
  const log = await bench.open();
  expect(log.identity).toBe(identity);
  const again = Array.from({ length: RECORDS }, (_, n) => record(n, `id ${n}`));
  expect(await appendAll(log, ...again)).toEqual(again.map(() => 'duplicate'));
  expect(await appendAll(log, record(7, 'id 8'))).toEqual(['id-reused']);
  expect(log.endOffset()).toBe(bytes.length);
  expect(await appendAll(log, record(60, 'id 60'))).toEqual(['appended']);
  await log.close();
}

describe('a new epoch', () => {
  it('carries the records from an offset on, keeps the ids of all, and records the gap', async () => {
    const before = await hashesOf(bench.directory);
    expect(await begin(offset)).toMatchObject({ kind: 'begun' });
    await expectNewEpoch(old.subarray(offset), before);
    expect(await epochOf()).toMatchObject({
      ...{ previousStart: 0, previousEnd: old.length, reason: 'a test', leftOut: [] },
      ...{ carriedFrom: offset, carriedBytes: old.length - offset },
    });
  });

  it('carries nothing, or everything', async () => {
    const before = await hashesOf(bench.directory);
    await begin(null);
    await expectNewEpoch(Buffer.alloc(0), before);
    const twice = await hashesOf(bench.directory);
    const carried = await bytesOf(bench.directory);
    const first = await epochOf();
    await begin(0);
    expect((await epochOf()).previousIdentity).toBe(first.identity);
    await rm(join(bench.dataDir, first.setAside), { recursive: true });
    expect(await hashesOf(join(bench.dataDir, (await epochOf()).setAside))).toEqual(twice);
    // The ids of the first of the three logs, too.
    const log = await bench.open();
    expect(await appendAll(log, record(3, 'id 3'), record(60, 'id 60'))).toEqual(
      Array(2).fill('duplicate'),
    );
    await log.close();
    expect((await bytesOf(bench.directory)).equals(carried)).toBe(true);
  });

  it('leaves out what is damaged, and says so', async () => {
    const names = (await readdir(bench.directory)).filter((name) => name.endsWith('.jsonl')).sort();
    const name = names.at(-2)!;
    const bytes = await readFile(join(bench.directory, name));
    bytes[5] = bytes[5]! ^ 1;
    await writeFile(join(bench.directory, name), bytes);
    await begin(0);
    const first = Number(name.slice(0, 20));
    const { leftOut } = await epochOf();
    expect(leftOut).toEqual([{ offset: first, next: first + bytes.length, code: 'BLOCK_CORRUPT' }]);
    const rest = Buffer.concat([old.subarray(0, first), old.subarray(first + bytes.length)]);
    expect((await bytesOf(bench.directory)).equals(rest)).toBe(true);
  });

  it('is refused where no record begins, with the nearest, and nothing is done', async () => {
    const before = await hashesOf(bench.directory);
    const refused = await begin(offset + 1);
    const after = old.indexOf('\n', offset) + 1;
    expect(refused).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(refused)).toContain(`${offset} and ${after}`);
    expect(await begin(old.length + 1)).toMatchObject({ kind: 'refused' });
    expect(await hashesOf(bench.directory)).toEqual(before);
    expect(await readdir(bench.dataDir)).toEqual(['staging']);
  });
});

describe('a new epoch that is cut off', () => {
  it('at any call to the system leaves the old log or a state that the same call finishes', async () => {
    const before = await hashesOf(bench.directory);
    const kept = join(bench.dataDir, '..', `${bench.dataDir.split('/').at(-1)!}-kept`);
    await cp(bench.dataDir, kept, { recursive: true });
    const whole = new FaultyLogFiles();
    await begin(offset, whole);
    const total = Object.values(whole.calls).reduce((sum, count) => sum + count, 0);
    const seen = { old: 0, none: 0, new: 0 };
    // Reads change nothing: a kill among them is as one before the next call that does.
    const changing = ['open', 'write', 'fsync', 'truncate', 'rename', 'unlink', 'mkdir', 'chmod'];
    try {
      for (let fatal = 1; fatal <= total; fatal++) {
        await rm(bench.dataDir, { recursive: true });
        await mkdir(bench.dataDir);
        await cp(kept, bench.dataDir, { recursive: true });
        const files = new FaultyLogFiles();
        let calls = 0;
        files.before = (call) => {
          if (changing.includes(call)) calls += 1;
          if (calls >= fatal && call !== 'close') throw systemError('EIO');
        };
        const ended = await begin(offset, files).then(
          () => true,
          () => false,
        );
        const state = await placeOf();
        seen[state] += 1;
        if (state === 'old') expect(await hashesOf(bench.directory)).toEqual(before);
        if (state !== 'new') await begin(offset);
        await expectNewEpoch(old.subarray(offset), before);
        if (ended) break;
      }
    } finally {
      await rm(kept, { recursive: true });
    }
    expect(seen.old).toBeGreaterThan(10);
    expect(seen.none).toBeGreaterThan(0);
    expect(seen.new).toBeGreaterThan(0);
  });

  it('between its two last steps is put in place by a start, too', async () => {
    const before = await hashesOf(bench.directory);
    const files = new FaultyLogFiles();
    files.before = (call, _nth, path) => {
      if (call === 'rename' && path.endsWith('staging.new')) throw systemError('EIO');
    };
    await expect(begin(offset, files)).rejects.toThrow('EIO');
    expect(await placeOf()).toBe('none');
    await (await bench.open()).close();
    await expectNewEpoch(old.subarray(offset), before);
  });

  it('between its two last steps is not finished over a log that was laid there since', async () => {
    await begin(offset);
    const { setAside } = await epochOf();
    const unfinished = join(bench.dataDir, 'staging.new');
    await cp(bench.directory, unfinished, { recursive: true });
    await rm(bench.directory, { recursive: true });
    const other = await StagingLogWorkbench.create();
    await fillLog(other, 1, 100);
    await cp(other.directory, bench.directory, { recursive: true });
    await other.remove();
    const before = await hashesOf(bench.directory);
    const refused = await begin(0);
    expect(refused).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(refused)).toContain(unfinished);
    expect(await hashesOf(bench.directory)).toEqual(before);
    expect((await readdir(bench.dataDir)).sort()).toEqual(
      ['staging', setAside, 'staging.new'].sort(),
    );
    const size = await lookAt(unfinished, ({ log }) => Promise.resolve(log.endOffset()));
    expect(size).toBe(old.length - offset);
  });
});

async function placeOf(): Promise<'old' | 'none' | 'new'> {
  const names = await readdir(bench.dataDir);
  if (!names.includes('staging')) return 'none';
  return (await readdir(bench.directory)).includes('epoch.json') ? 'new' : 'old';
}
