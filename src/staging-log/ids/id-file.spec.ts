import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DedupeIndex, type DedupeBounds, type IdLookup } from './dedupe-index.js';
import { loadIdFile, readIdFileHeader, writeIdFile, type IdFileState } from './id-file.js';
import { nodeLogFiles, type LogFiles } from '../files/log-files.js';

const KEY = Buffer.from('of the hashes 16');
const BOUNDS = { idsMax: 1_000_000, windowSeconds: 3_600 };
const FACTS = { first: 4_096, length: 8_192, seconds: 90.5, lastTimestamp: 1_763_800_000_123 };
const { first, length } = FACTS;
const START = 1_000;
const HEADER_BYTES = 64;
const ENTRY_BYTES = 28;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revenue-etl-ids-'));
  path = join(directory, 'segment.ids');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** An index with the ids `0`, `1`, … whose payloads are the same texts. */
function indexOf(ids: number, bounds: DedupeBounds = BOUNDS): DedupeIndex {
  const index = new DedupeIndex(bounds, KEY);
  for (let n = 0; n < ids; n++) index.add(`${n}`, `${n}`, START);
  return index;
}

function write(index: DedupeIndex, files: LogFiles = nodeLogFiles, from = 0): Promise<void> {
  const source = { index, from, to: index.position, startSeconds: START };
  return writeIdFile(files, path, { ...source, facts: FACTS, bounds: BOUNDS });
}

const header = (expected: object = {}): Promise<IdFileState> =>
  readIdFileHeader(nodeLogFiles, path, { first, length, key: KEY, bounds: BOUNDS, ...expected });

/** Does all that an opening does with a file. @returns null, or what was wrong with it. */
async function load(index: DedupeIndex, idsMax = BOUNDS.idsMax): Promise<string | null> {
  const file = await header();
  if (file.kind !== 'usable') return file.kind;
  const into = { index, header: file.header, startSeconds: START, idsMax };
  return loadIdFile(nodeLogFiles, path, into);
}

function lookAll(index: DedupeIndex, from: number, to: number): Set<IdLookup> {
  const seen = new Set<IdLookup>();
  for (let n = from; n < to; n++) seen.add(index.look(`${n}`, `${n}`, START));
  return seen;
}

/** An index that must not notice what is tried on it. */
async function expectUntouched(index: DedupeIndex): Promise<void> {
  expect(await load(index)).not.toBeNull();
  expect(index.size).toBe(2);
  expect(lookAll(index, 0, 2)).toEqual(new Set(['duplicate']));
  expect(lookAll(index, 2, 5)).toEqual(new Set(['new']));
}

describe('the file of ids', () => {
  it('has the layout that is documented', async () => {
    await write(indexOf(3));
    const bytes = await readFile(path);
    expect(bytes.length).toBe(HEADER_BYTES + 3 * ENTRY_BYTES + 8);
    expect(bytes.toString('latin1', 0, 8)).toBe('RETLIDS1');
    expect([8, 16, 32, 40].map((at) => bytes.readDoubleLE(at))).toEqual(Object.values(FACTS));
    expect([48, 52].map((at) => bytes.readUInt32LE(at))).toEqual([3_600, 1_000_000]);
    expect(bytes.readUInt32LE(bytes.length - 8)).toBe(3);
    expect(await header()).toEqual({ kind: 'usable', header: { ...FACTS, count: 3 } });
    expect(await readdir(directory)).toEqual(['segment.ids']);
  });

  it('gives back every id and payload, over the borders of pieces', async () => {
    const total = 150_000;
    await write(indexOf(total));
    const index = new DedupeIndex(BOUNDS, KEY);
    index.add('before', '', START);
    expect(await load(index)).toBeNull();
    expect(index.size).toBe(total + 1);
    expect(lookAll(index, 0, total)).toEqual(new Set(['duplicate']));
    expect(index.look('before', '', START)).toBe('duplicate');
    expect(index.look('7', 'other', START)).toBe('id-reused');
    expect(index.look('no such id', '', START)).toBe('new');
    index.add('after', '', START);
    expect(index.look('after', '', START)).toBe('duplicate');
  });

  it('loads the newest when there are more than the index may hold', async () => {
    await write(indexOf(1_000));
    const small = { ...BOUNDS, idsMax: 300 };
    const index = new DedupeIndex(small, KEY);
    index.add('before', '', START);
    expect(await load(index, small.idsMax)).toBeNull();
    expect(index.size).toBe(300);
    expect(lookAll(index, 700, 1_000)).toEqual(new Set(['duplicate']));
    expect(lookAll(index, 0, 700)).toEqual(new Set(['new']));
    expect(index.look('before', '', START)).toBe('new');
  });

  it('takes the ids from a position on, without those that left', async () => {
    const index = indexOf(1_000, { ...BOUNDS, idsMax: 400 });
    await write(index, nodeLogFiles, 300);
    const loaded = new DedupeIndex(BOUNDS, KEY);
    expect(await load(loaded)).toBeNull();
    expect(lookAll(loaded, 600, 1_000)).toEqual(new Set(['duplicate']));
    expect(lookAll(loaded, 0, 600)).toEqual(new Set(['new']));
    await write(index, nodeLogFiles, 990);
    expect(await header()).toMatchObject({ header: { count: 10 } });
  });
});

describe('a file of ids that is written while the log goes on', () => {
  /** Adds so many ids at each write of the file. */
  async function writeWhileAdding(index: DedupeIndex, each: number): Promise<void> {
    let n = 1_000_000;
    const files: LogFiles = {
      ...nodeLogFiles,
      write: (fd, bytes, position) => {
        for (let i = 0; i < each; i++) index.add(`${n++}`, '', START);
        return nodeLogFiles.write(fd, bytes, position);
      },
    };
    await write(index, files);
  }

  it('has what was there at first, and nothing of what came', async () => {
    const index = indexOf(100_000);
    await writeWhileAdding(index, 30_000);
    const loaded = new DedupeIndex(BOUNDS, KEY);
    expect(await load(loaded)).toBeNull();
    expect(loaded.size).toBe(100_000);
    expect(lookAll(loaded, 0, 100_000)).toEqual(new Set(['duplicate']));
    expect(loaded.look('1000000', '', START)).toBe('new');
  });

  it('lacks only what left before it was written', async () => {
    const total = 100_000;
    const index = indexOf(total, { ...BOUNDS, idsMax: total });
    await writeWhileAdding(index, 10_000);
    const loaded = new DedupeIndex(BOUNDS, KEY);
    expect(await load(loaded)).toBeNull();
    expect(loaded.size).toBeLessThan(total);
    expect(lookAll(loaded, index.position - total, total)).toEqual(new Set(['duplicate']));
    expect(loaded.look('1000000', '', START)).toBe('new');
  });

  it('is whole when all of it left meanwhile', async () => {
    const index = indexOf(10, { ...BOUNDS, idsMax: 10 });
    await writeWhileAdding(index, 20);
    const loaded = new DedupeIndex(BOUNDS, KEY);
    expect(await load(loaded)).toBeNull();
    expect(loaded.size).toBe(0);
  });
});

describe('a file of ids is not used', () => {
  beforeEach(() => write(indexOf(5), nodeLogFiles, 2));

  it('when it is not there', async () => {
    await rm(path);
    expect(await header()).toMatchObject({ kind: 'missing' });
  });

  it('when it is cut anywhere, or goes on', async () => {
    const bytes = await readFile(path);
    const index = indexOf(2);
    for (let end = 0; end < bytes.length; end++) {
      await writeFile(path, bytes.subarray(0, end));
      await expectUntouched(index);
    }
    for (const more of [1, ENTRY_BYTES, 2 * ENTRY_BYTES]) {
      await writeFile(path, Buffer.concat([bytes, bytes.subarray(-more)]));
      await expectUntouched(index);
    }
  });

  it('when any bit of it is another one', async () => {
    const bytes = await readFile(path);
    const index = indexOf(2);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(path, damaged);
      await expectUntouched(index);
    }
    await writeFile(path, bytes);
    expect(await load(index)).toBeNull();
    expect(lookAll(index, 0, 5)).toEqual(new Set(['duplicate']));
  });

  it.each([
    ['with another key', { key: Buffer.from('of other hashes.') }, 'outdated'],
    ['in a narrower window', { bounds: { ...BOUNDS, windowSeconds: 3_601 } }, 'outdated'],
    ['with fewer ids', { bounds: { ...BOUNDS, idsMax: 1_000_001 } }, 'outdated'],
    ['from a shorter segment', { length: length + 1 }, 'damaged'],
    ['from another segment', { first: 0 }, 'damaged'],
  ])('when it was made %s', async (_how, expected, kind) => {
    expect((await header(expected)).kind).toBe(kind);
  });

  it('but is when the bounds became narrower since', async () => {
    const bounds = { idsMax: 10, windowSeconds: 60 };
    expect((await header({ bounds })).kind).toBe('usable');
  });

  it('when the disk does not read it', async () => {
    const fails = (): Promise<number> => Promise.reject(new Error('EIO'));
    const expected = { first, length, key: KEY, bounds: BOUNDS };
    const files = { ...nodeLogFiles, read: fails };
    expect((await readIdFileHeader(files, path, expected)).kind).toBe('damaged');
    const file = await header();
    if (file.kind !== 'usable') throw new Error(file.kind);
    const index = new DedupeIndex(BOUNDS, KEY);
    const into = { index, header: file.header, startSeconds: 0, idsMax: 10 };
    expect(await loadIdFile(files, path, into)).toBe('EIO');
    expect(index.size).toBe(0);
  });

  it.each(['write', 'fsync', 'rename'] as const)(
    'when it could not be written (%s): the one before is',
    async (call) => {
      const before = await readFile(path);
      const fails = (): Promise<never> => Promise.reject(new Error('ENOSPC'));
      const files: LogFiles = { ...nodeLogFiles, [call]: fails };
      await expect(write(indexOf(9), files)).rejects.toThrow('ENOSPC');
      expect(await readFile(path)).toEqual(before);
    },
  );
});
