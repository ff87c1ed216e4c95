import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeLogFiles, type LogFiles } from '../../../src/staging-log/files/log-files.js';
import { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { assertSame, eventOf, readWhole } from '../../support/damage-reading.js';
import { accepting, appendAll, refusing } from '../../support/staging-log-reading.js';

const PAGE = 4096;
const PAGES = 64;

/** A disk of 64 pages, and what the log works on it with. */
interface SmallDisk {
  readonly directory: string;
  readonly files: LogFiles;
  remove(): void;
}

function usedPages(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return sizes.reduce((sum, size) => sum + Math.ceil(size / PAGE), 0);
}

/** A directory whose writes fail as those of a full disk: where no real one can be made. */
function diskByQuota(): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'revenue-etl-quota-'));
  const write: LogFiles['write'] = async (fd, bytes, position) => {
    const { size } = await nodeLogFiles.fstat(fd);
    const more = Math.ceil((position + bytes.length) / PAGE) - Math.ceil(size / PAGE);
    if (more > 0 && usedPages(directory) + more > PAGES) {
      throw Object.assign(new Error('ENOSPC: the quota is used up'), { code: 'ENOSPC' });
    }
    return nodeLogFiles.write(fd, bytes, position);
  };
  const diskSpace: LogFiles['diskSpace'] = () =>
    Promise.resolve({
      freeBytes: Math.max(0, PAGES - usedPages(directory)) * PAGE,
      totalBytes: PAGES * PAGE,
    });
  return {
    directory,
    files: { ...nodeLogFiles, write, diskSpace },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A real one, of memory. Null where this process may not mount. */
function realDisk(): SmallDisk | null {
  const directory = mkdtempSync(join(tmpdir(), 'revenue-etl-tmpfs-'));
  const options = ['-t', 'tmpfs', '-o', `size=${PAGES * PAGE}`, 'tmpfs', directory];
  const mounted = spawnSync('/bin/mount', options).status === 0;
  const remove = (): void => {
    if (mounted) spawnSync('/bin/umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  };
  if (mounted) return { directory, files: nodeLogFiles, remove };
  remove();
  return null;
}

/** Where there is no real one, its tests run on the quota once more. */
const DISKS = [
  ['as told by a quota', diskByQuota],
  ['as real as it can be here', (): SmallDisk => realDisk() ?? diskByQuota()],
] as const;

describe.each(DISKS)('a full disk, %s', (_name, create) => {
  let disk: SmallDisk;
  let log: LocalStagingLog | undefined;
  let sent: number;

  beforeEach(() => {
    disk = create();
    sent = 0;
  });

  afterEach(async () => {
    await log?.close();
    disk.remove();
  });

  const open = async (diskFreeBytesMin: number): Promise<LocalStagingLog> => {
    log = await LocalStagingLog.open({
      ...{ dataDir: disk.directory, files: disk.files, diskFreeBytesMin },
      ...{ segmentBytesMax: 200, dedupeIdsMax: 10_000, dedupeWindowSeconds: 3_600 },
      ...{ appendQueueBytesMax: 1024 * 1024, backlogBytesMax: 0 },
      report: () => undefined,
    });
    return log;
  };

  /** Sends events until one is refused; it is sent again next time. */
  const sendUntilRefused = async (to: LocalStagingLog, most = Infinity): Promise<string | null> => {
    for (const end = sent + most; sent < end; sent++) {
      const result = await to.append([eventOf(sent)]);
      if (result.kind === 'refused') return result.code;
    }
    return null;
  };

  /** Each that was acknowledged once, in order, and nothing else. */
  const expectAll = async (from: LocalStagingLog): Promise<void> => {
    const { lines, damaged } = await readWhole(from);
    const ids = [...lines.values()].map((line) => (JSON.parse(line) as { id: string }).id);
    assertSame('damage', damaged, []);
    assertSame(
      'events',
      ids,
      Array.from({ length: sent }, (_, n) => eventOf(n).id),
    );
  };

  const fill = (leavePages: number): string => {
    const filler = join(disk.directory, 'filler');
    const pages = PAGES - usedPages(disk.directory) - leavePages;
    writeFileSync(filler, Buffer.alloc(Math.max(0, pages) * PAGE));
    return filler;
  };

  it.each(Array.from({ length: 9 }, (_, pages) => pages))(
    'stops it at writes, rotations and side files, and it goes on by itself: %i pages left',
    async (pages) => {
      const first = await open(0);
      await sendUntilRefused(first, 3);
      const filler = fill(pages);
      expect(await sendUntilRefused(first)).toBe('LOG_UNAVAILABLE');
      await expectAll(first);
      rmSync(filler);
      await accepting(first);
      expect(await sendUntilRefused(first, 5)).toBeNull();
      await expectAll(first);
      await first.close();
      const second = await open(0);
      await expectAll(second);
      const again = Array.from({ length: sent }, (_, n) => eventOf(n));
      expect(new Set(await appendAll(second, ...again))).toEqual(new Set(['duplicate']));
    },
  );

  it('opens on it, reads, refuses, and takes events once there is room', async () => {
    const first = await open(0);
    await sendUntilRefused(first, 12);
    await first.close();
    const filler = fill(0);
    const second = await open(0);
    await expectAll(second);
    expect(await sendUntilRefused(second)).toBe('LOG_UNAVAILABLE');
    rmSync(filler);
    await accepting(second);
    await sendUntilRefused(second, 5);
    await expectAll(second);
  });

  it('is refused for in time, with room to spare', async () => {
    const first = await open(16 * PAGE);
    await sendUntilRefused(first, 3);
    const filler = fill(8);
    expect(await refusing(first)).toMatchObject({ code: 'DISK_FULL' });
    expect(await sendUntilRefused(first)).toBe('DISK_FULL');
    await expectAll(first);
    rmSync(filler);
    await accepting(first);
    expect(await sendUntilRefused(first, 3)).toBeNull();
    await expectAll(first);
  });
});
