import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { loadedPath } from '../../../src/staging-log/files/log-layout.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { Gate, systemError } from '../../support/staging-log-faults.js';
import { readNumbers } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import {
  appendNumbers,
  createBench,
  DAY_MS,
  loadAll,
  namesIn,
  retireOne,
} from './archives-support.js';

const RULES = { action: 'archive', loadedForMs: DAY_MS } as const;
const SEGMENTS = 80;

let bench: StagingLogWorkbench;
let log: LocalStagingLog;
/** Where the sealed segments begin. */
let firsts: readonly number[];

const open = (): Promise<LocalStagingLog> => bench.open({ segmentBytesMax: 1 });

beforeEach(async () => {
  bench = await createBench();
  log = await open();
  await appendNumbers(log, bench, [0, SEGMENTS]);
  firsts = (await namesIn(bench.directory)).plain.slice(0, -1);
  log.noteLoaded(log.endOffset());
});

afterEach(() => bench.remove());

const look = (): Promise<unknown> => log.retention.findRetirable(RULES);

/** Segments that have a mark on the disk. */
async function marked(): Promise<number[]> {
  const names = await readdir(bench.directory);
  const marks = names.filter((name) => name.endsWith('.loaded'));
  return marks.map((name) => Number(name.slice(0, 20))).sort((one, other) => one - other);
}

/** Starts the next process, and lets the ids leave their window. */
async function reopen(): Promise<void> {
  await log.close();
  log = await open();
  bench.passTime(10_000);
}

const isMark = (path: string): boolean => path.includes('.loaded');

describe('a look at many segments', () => {
  it('marks all of them while it has time, and syncs the directory once', async () => {
    let syncs = 0;
    bench.files.after = (call, _nth, path) => {
      if (call === 'fsync' && path === bench.directory) syncs += 1;
    };
    await look();
    expect([await marked(), syncs]).toEqual([firsts, 1]);
    await look();
    expect(syncs).toBe(1);
  });

  it('marks the 64 oldest where that takes a second, and the next look goes on', async () => {
    bench.files.after = (call, _nth, path) => {
      if (call === 'fsync' && isMark(path)) bench.passTime(1_000 / 64);
    };
    await look();
    expect(await marked()).toEqual(firsts.slice(0, 64));
    await look();
    expect(await marked()).toEqual(firsts);
  });

  it('reads the marks of a process before no faster, and none of them twice', async () => {
    await look();
    await reopen();
    log.noteLoaded(log.endOffset());
    const read: string[] = [];
    bench.files.after = (call, _nth, path) => {
      if (call !== 'open' || !isMark(path)) return;
      read.push(path);
      bench.passTime(1_000 / 64);
    };
    const paths = firsts.map((first) => loadedPath(bench.directory, first));
    await look();
    expect(read).toEqual(paths.slice(0, 64));
    await look();
    await look();
    expect(read).toEqual(paths);
  });

  it('is ended by a close between two marks, and those before count', async () => {
    const gate = new Gate();
    bench.files.before = (call, _nth, path) =>
      call === 'rename' && isMark(path) ? gate.pass() : undefined;
    const looking = look();
    await gate.reached;
    const closing = log.close();
    gate.open();
    await expect(looking).rejects.toThrow('the staging log is closing');
    await closing;
    expect(await marked()).toEqual([0]);
    bench.files.heal();
    bench.passTime(DAY_MS);
    await reopen();
    log.noteLoaded(log.endOffset());
    expect(await look()).toMatchObject({ first: 0 });
  });

  it('lists the directory once, whatever it retires after that', async () => {
    await loadAll(log, bench);
    const before = bench.files.calls.readdir;
    for (const first of firsts.slice(0, 5)) expect(await retireOne(log)).toBe(first);
    expect(bench.files.calls.readdir - before).toBe(1); // for a share, while there is none
  });
});

describe('marks that a smaller checkpoint revokes', () => {
  it('go at one look, also those that were not read yet', async () => {
    await look();
    await reopen();
    log.noteLoaded(toOffset(firsts[3] ?? 0));
    await look();
    expect(await marked()).toEqual(firsts.slice(0, 2));
  });

  it('go although the log closes: one that stayed might let its segment go too early', async () => {
    await look();
    const gate = new Gate();
    bench.files.before = (call, _nth, path) =>
      call === 'unlink' && isMark(path) ? gate.pass() : undefined;
    log.noteLoaded(toOffset(0));
    const looking = look();
    await gate.reached;
    const closing = log.close();
    gate.open();
    await expect(looking).resolves.toBeNull();
    await closing;
    expect(await marked()).toEqual([]);
  });

  it.each(['fsync', 'rename'] as const)(
    'go also when a failing %s left it open whether they are there',
    async (call) => {
      bench.files.before = (name, _nth, path) => {
        const fails = call === 'fsync' ? path === bench.directory : path.includes('.loaded.new');
        if (name === call && fails) throw systemError('EIO');
      };
      await expect(look()).rejects.toThrow('EIO');
      bench.files.heal();
      log.noteLoaded(toOffset(0));
      await look();
      expect(await marked()).toEqual([]);
      log.noteLoaded(log.endOffset());
      await look();
      bench.passTime(DAY_MS - 1);
      expect(await look()).toBeNull();
      bench.passTime(1);
      expect(await look()).toMatchObject({ first: 0 });
    },
  );
});

it.each(['.jsonl', '.jsonl.gz'])(
  'deletes again what came back with a restart, because its %s could not be unlinked',
  async (extension) => {
    await loadAll(log, bench, 'archive');
    if (extension === '.jsonl.gz') expect(await retireOne(log, 'archive')).toBe(0);
    await loadAll(log, bench, 'delete');
    bench.files.before = (call, _nth, path) => {
      if (call === 'unlink' && path.endsWith(extension)) throw systemError('EIO');
    };
    await expect(retireOne(log, 'delete')).rejects.toThrow('EIO');
    const [, second = -1, third = -1] = firsts;
    expect(log.startOffset()).toBe(second);
    await reopen();
    bench.files.heal();
    expect(log.startOffset()).toBe(0);
    expect((await readNumbers(log))[0]).toBe(0);

    log.noteLoaded(log.endOffset());
    expect(await retireOne(log, 'delete')).toBe(0);
    expect(log.startOffset()).toBe(second);
    expect(await retireOne(log, 'delete')).toBe(second);
    await reopen();
    expect(log.startOffset()).toBe(third);
    const { plain, archived, shares, left } = await namesIn(bench.directory);
    expect([plain[0], archived, shares, left]).toEqual([third, [], [third], []]);
  },
);
