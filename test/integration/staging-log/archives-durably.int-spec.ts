import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { segmentPath } from '../../../src/staging-log/files/log-layout.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import {
  appendNumbers,
  createBench,
  loadAll,
  namesIn,
  retireOne,
  unpacked,
} from './archives-support.js';

let bench: StagingLogWorkbench;
let log: LocalStagingLog;

beforeEach(async () => {
  bench = await createBench();
  log = await bench.open();
  await appendNumbers(log, bench, [0, 12]);
});

afterEach(() => bench.remove());

/** What retiring the oldest segment changes on the disk, in order; offsets are left out. */
async function changesOf(action: RetentionAction): Promise<string[]> {
  await loadAll(log, bench, action);
  const changes: string[] = [];
  const changing = ['fsync', 'rename', 'unlink', 'mkdir'];
  bench.files.after = (call, _nth, path) => {
    if (changing.includes(call)) changes.push(`${call} ${basename(path).replace(/^\d{20}\./, '')}`);
  };
  expect(await retireOne(log, action)).toBe(0);
  bench.files.heal();
  return changes;
}

const SHARE = ['fsync share.new', 'rename share.new', 'fsync staging'];
const GONE = ['unlink jsonl', 'fsync staging', 'unlink sums', 'unlink ids', 'unlink loaded'];

it('syncs the share, the archive and their directories before the segment goes, and its checksums last', async () => {
  expect(await changesOf('archive')).toEqual([
    ...SHARE,
    ...['mkdir archive', 'fsync staging'],
    ...['fsync jsonl.gz.new', 'rename jsonl.gz.new', 'fsync archive'],
    ...['fsync sums.new', 'rename sums.new', 'fsync archive'],
    ...GONE,
    'fsync staging',
  ]);
});

it('syncs the share before a segment is deleted', async () => {
  expect(await changesOf('delete')).toEqual([...SHARE, ...GONE, 'fsync staging']);
});

it('removes an archive that is deleted before its checksums, and an older share last', async () => {
  await loadAll(log, bench);
  expect([await retireOne(log), await retireOne(log)]).not.toContain(null);
  const changes = await changesOf('delete');
  expect(changes).toEqual([
    ...['unlink jsonl.gz', 'fsync archive', 'unlink sums', 'unlink loaded', 'fsync staging'],
  ]);
  await log.close();
  log = await bench.open();
  await loadAll(log, bench, 'delete');
  while ((await retireOne(log, 'delete')) !== null);
  expect((await namesIn(bench.directory)).shares).toHaveLength(1);
});

it.each(['gz', 'sums'])(
  'keeps the segment when the disk gives back another byte of the %s than was written',
  async (kind) => {
    await loadAll(log, bench);
    const text = await readFile(segmentPath(bench.directory, 0), 'utf8');
    bench.files.after = async (call, _nth, path) => {
      if (call !== 'fsync' || !path.includes('archive') || !path.endsWith(`${kind}.new`)) return;
      const handle = await open(path, 'r+');
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, 12);
      byte.writeUInt8(byte.readUInt8(0) ^ 0x10, 0);
      await handle.write(byte, 0, 1, 12);
      await handle.close();
    };
    await expect(retireOne(log)).rejects.toThrow(
      kind === 'gz' ? 'do not match their checksum' : 'were not kept',
    );
    expect((await namesIn(bench.directory)).plain[0]).toBe(0);
    expect(await readFile(segmentPath(bench.directory, 0), 'utf8')).toBe(text);
    bench.files.heal();
    expect(await retireOne(log)).toBe(0);
    expect(await unpacked(bench.directory, 0)).toBe(text);
  },
);
