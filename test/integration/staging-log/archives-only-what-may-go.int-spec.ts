import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { segmentPath, sumsPath } from '../../../src/staging-log/files/log-layout.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/staging-log-faults.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import {
  appendNumbers,
  createBench,
  DAY_MS,
  loadAll,
  namesIn,
  retireOne,
  untilSealed,
} from './archives-support.js';

let bench: StagingLogWorkbench;
let log: LocalStagingLog;

beforeEach(async () => {
  bench = await createBench();
  log = await bench.open();
  await appendNumbers(log, bench, [0, 12]);
});

afterEach(() => bench.remove());

const RULES = { action: 'archive', loadedForMs: DAY_MS } as const;

/** Where the segment begins that may go now. */
const due = async (opened = log): Promise<number | undefined> =>
  (await opened.retention.findRetirable(RULES))?.first;

const ends = async (): Promise<readonly number[]> =>
  (await namesIn(bench.directory)).plain.slice(1);

/** Looks, and lets so much time go by. */
async function pass(milliseconds: number): Promise<void> {
  await log.retention.findRetirable(RULES);
  bench.passTime(milliseconds);
}

describe('a segment stays', () => {
  it('while nobody has told what is loaded', async () => {
    await pass(10 * DAY_MS);
    expect(await due()).toBeUndefined();
  });

  it('until the checkpoint is beyond its end, not at it', async () => {
    const [end = 0] = await ends();
    log.noteLoaded(toOffset(end));
    await pass(2 * DAY_MS);
    expect(await due()).toBeUndefined();
    const [, second = 0] = await ends();
    log.noteLoaded(toOffset(second));
    await pass(2 * DAY_MS);
    expect(await due()).toBe(0);
  });

  it('until it was loaded for long enough, to the millisecond', async () => {
    log.noteLoaded(log.endOffset());
    await pass(DAY_MS - 1);
    expect(await due()).toBeUndefined();
    bench.passTime(1);
    expect(await due()).toBe(0);
  });

  it('while it is active, or being sealed', async () => {
    await loadAll(log, bench);
    while ((await retireOne(log)) !== null);
    const [active = -1] = (await namesIn(bench.directory)).plain;
    await loadAll(log, bench);
    expect(await due()).toBeUndefined();

    const gate = new Gate();
    bench.files.before = (call, _nth, path) =>
      call === 'rename' && path.endsWith('.sums.new') && path.includes(String(active))
        ? gate.pass()
        : undefined;
    for (let n = 12; (await namesIn(bench.directory)).plain.length < 2; n++) {
      await appendAll(log, record(n));
    }
    await gate.reached;
    await loadAll(log, bench);
    expect(await due()).toBeUndefined();
    gate.open();
    await untilSealed(bench);
    await eventually(async () => (await due()) === active);
  });

  it('while an id in it may come again: by time', async () => {
    await log.close();
    log = await bench.open({ dedupeWindowSeconds: 3 * 86_400 });
    await loadAll(log, bench);
    expect(await due()).toBeUndefined();
    bench.passTime(DAY_MS);
    expect(await due()).toBeUndefined();
    bench.passTime(5_000);
    expect(await due()).toBe(0);
  });

  it('while an id in it may come again: by number', async () => {
    await log.close();
    const [first = 0, second = 0] = await ends();
    const held = (await readFile(segmentPath(bench.directory, 0), 'utf8')).split('\n').length - 1;
    log = await bench.open({ dedupeWindowSeconds: 30 * 86_400, dedupeIdsMax: 12 - held + 1 });
    await loadAll(log, bench);
    expect(await due()).toBeUndefined();
    expect(await log.append([record(12, 'one more')])).toMatchObject({ kind: 'durable' });
    expect(await due()).toBe(0);
    expect([first, second]).not.toContain(0);
  });

  it('while what proves the checkpoint lies in it, because all behind it is damaged', async () => {
    const [first = 0, second = 0] = await ends();
    log.noteLoaded(toOffset(second));
    await pass(2 * DAY_MS);
    expect(await due()).toBe(0);
    await writeFile(segmentPath(bench.directory, first), 'x'.repeat(second - first));
    expect(await log.fingerprintBefore(toOffset(second))).toMatch(`@${first}`);
    expect(await due()).toBeUndefined();
  });

  it('and has its error told when its file or its checksums are not in order', async () => {
    const [first = 0] = await ends();
    await loadAll(log, bench);
    const segment = segmentPath(bench.directory, 0);
    const sums = sumsPath(bench.directory, 0);
    const [bytes, lines] = [await readFile(segment), await readFile(sums, 'utf8')];
    await truncate(segment, first - 1);
    await expect(due()).rejects.toThrow(`has ${first - 1} bytes instead of ${first}`);
    await writeFile(segment, Buffer.concat([bytes, Buffer.from('more')]));
    await expect(due()).rejects.toThrow(`has ${first + 4} bytes instead of ${first}`);
    await writeFile(segment, bytes);
    await writeFile(sums, lines.replace(/^./, '7'));
    await expect(due()).rejects.toThrow('are not all there');
    await rm(sums);
    await expect(due()).rejects.toThrow('are not all there');
    await writeFile(sums, lines);
    expect(await due()).toBe(0);
  });

  it('when a byte of it is another one, and the archive is not kept', async () => {
    const [end = 0] = await ends();
    await loadAll(log, bench);
    const share = await makeShare(toOffset(end));
    const path = segmentPath(bench.directory, 0);
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    await writeFile(path, bytes);
    const segment = { first: toOffset(0), end: toOffset(end) };
    await expect(log.retention.retire(segment, share)).rejects.toThrow('do not match');
    const names = await namesIn(bench.directory);
    expect([names.plain[0], names.archived, names.left]).toEqual([0, [], []]);
  });

  it('when there is no share that stands for it', async () => {
    const [end = 0, second = 0] = await ends();
    await loadAll(log, bench);
    const segment = { first: toOffset(0), end: toOffset(end) };
    const without = { action: 'delete', share: toOffset(end) } as const;
    await expect(log.retention.retire(segment, without)).rejects.toThrow('no share file');
    await makeShare(toOffset(second));
    await expect(log.retention.retire(segment, without)).rejects.toThrow('no share file');
    expect(log.startOffset()).toBe(0);
  });

  it('when a smaller checkpoint is told before it goes, whatever is told after that', async () => {
    const [end = 0] = await ends();
    await loadAll(log, bench);
    const segment = { first: toOffset(0), end: toOffset(end) };
    const share = await makeShare(toOffset(end));
    expect(await due()).toBe(0);
    log.noteLoaded(toOffset(end));
    log.noteLoaded(log.endOffset());
    expect(await log.retention.retire(segment, share)).toBe(false);
    expect(await due()).toBeUndefined();
    await pass(DAY_MS - 1);
    expect(await due()).toBeUndefined();
    bench.passTime(1);
    expect(await due()).toBe(0);
  });
});

async function makeShare(end: ReturnType<typeof toOffset>): Promise<{
  action: 'archive';
  share: ReturnType<typeof toOffset>;
}> {
  const pieces = (async function* () {
    yield await Promise.resolve(Buffer.from('all that was before\n'));
  })();
  await log.retention.putShare(end, (path, replace) => replace(path, pieces));
  return { action: 'archive', share: end };
}
