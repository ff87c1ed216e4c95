import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { retireOldest, type RetireOutcome } from '../../../src/retention/retire-oldest.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { segmentPath, sumsPath } from '../../../src/staging-log/files/log-layout.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { verifyBalances, type Verification } from '../../../src/verify/verify.port.js';
import { eventually } from '../../support/eventually.js';
import { append, LoadHarness } from '../processor/load-harness.js';

const DAY_MS = 86_400_000;

let harness: LoadHarness;
let log: LocalStagingLog;
/** So long a segment must be loaded; none once time has passed. */
let loadedForMs: number;

beforeAll(async () => void (harness = await LoadHarness.create()));
afterAll(() => harness.remove());

beforeEach(async () => {
  await harness.reset();
  loadedForMs = DAY_MS;
  log = await openLog();
});

const openLog = (): Promise<LocalStagingLog> => harness.openLog('data', { segmentBytesMax: 400 });

const staging = (): string => join(harness.dataDir(), 'staging');

const firstsIn = async (directory = staging()): Promise<number[]> =>
  (await readdir(directory))
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
    .sort((one, other) => one - other);

/** Some users in some segments, all but the last of them sealed; and a record that is no event. */
async function stage(events: number): Promise<void> {
  for (let i = 0; i < events; i++) await append(log, [`user-${i % 7}`, i + 0.25]);
  await log.append([{ payload: '{"name":"poison"}' }]);
  await append(log, ['user-0', 3, 'subtract_revenue']);
  await eventually(async () => {
    const newest = (await firstsIn()).at(-2) ?? 0;
    const sums = await readFile(sumsPath(staging(), newest), 'latin1').catch(() => '');
    return sums.includes('sealed');
  });
}

async function load(into = log): Promise<void> {
  const processor = harness.processor(into, {
    dataDir: harness.dataDir(),
    onCheckpoint: ({ offset }) => {
      into.noteLoaded(offset);
    },
  });
  expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
}

function retire(action: RetentionAction = 'archive'): Promise<RetireOutcome> {
  return retireOldest({
    log,
    retention: log.retention,
    dataSource: harness.dataSource,
    rules: { action, loadedForMs },
    stop: new AbortController().signal,
  });
}

/** Looks once, as if days were to pass then, and retires whatever may go. */
async function retireAll(action: RetentionAction = 'archive'): Promise<number> {
  expect(await retire(action)).toEqual({ kind: 'none' });
  loadedForMs = 0;
  let retired = 0;
  while ((await retire(action)).kind === 'retired') retired += 1;
  loadedForMs = DAY_MS;
  return retired;
}

const verify = (): Promise<Verification> =>
  verifyBalances({
    dataSource: harness.dataSource,
    log,
    dataDir: harness.dataDir(),
    refresh: () => Promise.resolve(),
    onProgress: () => undefined,
  });

describe('verify is exact', () => {
  it.each(['archive', 'delete'] as const)('after %s, and when loads go on', async (action) => {
    await stage(40);
    await load();
    const before = await firstsIn();
    expect(await retireAll(action)).toBe(before.length - 1);
    const first = await verify();
    expect(first).toMatchObject({ kind: 'exact', events: { inLog: 41 }, users: 7 });

    await stage(20);
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: 41 } });
    await load();
    expect(await verify()).toMatchObject({
      ...{ kind: 'exact', events: { inLog: 62 }, deadLetters: { inLog: 2, inTable: 2 } },
    });
    expect(await retireAll(action)).toBeGreaterThan(2);
    await log.close();
    log = await openLog();
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: 62 } });
    expect((await readdir(staging())).filter((name) => name.endsWith('.share'))).toHaveLength(1);
  });

  it('when archives are moved elsewhere, and when those that are left are deleted', async () => {
    await stage(40);
    await load();
    await retireAll('archive');
    expect(await verify()).toMatchObject({ kind: 'exact' });
    const archived = await firstsIn(join(staging(), 'archive'));
    await log.close();
    for (const first of archived.slice(0, 3)) {
      const name = String(first).padStart(20, '0');
      await rm(join(staging(), 'archive', `${name}.jsonl.gz`));
      await rm(join(staging(), 'archive', `${name}.sums`));
    }
    log = await openLog();
    expect(log.startOffset()).toBe(archived[3]);
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: 41 } });
    await load();
    expect(await retireAll('delete')).toBe(archived.length - 3);
    expect(await verify()).toMatchObject({ kind: 'exact', events: { inLog: 41 } });
  });
});

describe('a segment is kept', () => {
  it('while a range in it is quarantined, and goes when that is reloaded or settled', async () => {
    await stage(20);
    const [, second = 0, third = 0] = await firstsIn();
    const path = segmentPath(staging(), second);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.from('x'.repeat(bytes.length)));
    await load();
    await writeFile(path, bytes);
    expect(await harness.deadLetters()).toContainEqual(
      expect.objectContaining({ code: 'BLOCK_CORRUPT', offset: String(second) }),
    );
    expect(await retireAll('delete')).toBe(1);
    loadedForMs = 0;
    expect(await retire('delete')).toEqual({
      kind: 'kept',
      message: expect.stringContaining(`${second} to ${third} is quarantined`),
    });
    expect(await verify()).toMatchObject({ kind: 'exact' });
    await harness.dataSource.query(`update dead_letters set state = 'discarded'`);
    expect(await retire('delete')).toMatchObject({ kind: 'retired', segment: { first: second } });
    expect(await verify()).toMatchObject({ kind: 'exact' });
  });

  it('when it became unreadable since it was loaded', async () => {
    await stage(20);
    await load();
    await writeFile(segmentPath(staging(), 0), 'x'.repeat((await firstsIn())[1] ?? 0));
    expect(await retire('delete')).toEqual({ kind: 'none' });
    loadedForMs = 0;
    await expect(retire('delete')).rejects.toThrow('is damaged since');
    expect([log.startOffset(), (await firstsIn())[0]]).toEqual([0, 0]);
  });

  it('when the database was restored to where it is not loaded, whatever was told before', async () => {
    await stage(20);
    await load();
    const backup = await harness.dataSource.query<object[]>('select * from load_checkpoint');
    expect(backup).toHaveLength(1);
    expect(await retire()).toEqual({ kind: 'none' });
    loadedForMs = 0;
    await harness.dataSource.query('update load_checkpoint set "offset" = 10');
    expect(await retire()).toEqual({ kind: 'none' });
    expect((await readdir(staging())).filter((name) => /share|archive/.test(name))).toEqual([]);
  });

  it('when there is no share to go on from and the start is gone', async () => {
    await stage(30);
    await load();
    expect(await retire('delete')).toEqual({ kind: 'none' });
    loadedForMs = 0;
    expect((await retire('delete')).kind).toBe('retired');
    const [name = ''] = (await readdir(staging())).filter((file) => file.endsWith('.share'));
    const share = join(staging(), name);
    const text = await readFile(share, 'utf8');
    await writeFile(share, text.replace('user-1', 'user-8'));
    const start = log.startOffset();
    await expect(retire('delete')).rejects.toThrow('does not match its own checksum');
    expect([log.startOffset(), (await firstsIn())[0]]).toEqual([start, start]);
    await writeFile(share, text);
    expect((await retire('delete')).kind).toBe('retired');
  });
});

describe('a database that was never loaded', () => {
  beforeEach(async () => {
    await stage(20);
    await load();
  });

  const forget = (): Promise<unknown> =>
    harness.dataSource.query('truncate users_revenue, load_checkpoint, dead_letters');

  it('is loaded from archives', async () => {
    const balances = await harness.balances();
    expect(await retireAll('archive')).toBeGreaterThan(2);
    await forget();
    await load();
    expect(await harness.balances()).toEqual(balances);
    expect(await verify()).toMatchObject({ kind: 'exact' });
  });

  it('is refused with LOG_TRIMMED when segments are deleted', async () => {
    expect(await retireAll('delete')).toBeGreaterThan(2);
    await forget();
    expect(await harness.processor(log).runOnce()).toMatchObject({ code: 'LOG_TRIMMED' });
    expect(await verify()).toMatchObject({ kind: 'refused', code: 'LOG_TRIMMED' });
    expect(await harness.balances()).toEqual({});
  });
});
