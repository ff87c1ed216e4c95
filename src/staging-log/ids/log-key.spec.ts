import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeLogFiles, type LogFiles } from '../files/log-files.js';
import { LOG_KEY_FILE, markOfKey, openLogKey } from './log-key.js';

let directory: string;
let path: string;
let reports: string[];

const open = (files: LogFiles = nodeLogFiles): Promise<Buffer> =>
  openLogKey(files, directory, (level, message) => void reports.push(`${level} ${message}`));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revenue-etl-key-'));
  path = join(directory, LOG_KEY_FILE);
  reports = [];
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the key of the log', () => {
  it('is made once, for its owner only', async () => {
    const key = await open();
    expect(key.length).toBe(16);
    expect(await readFile(path, 'latin1')).toBe(`${key.toString('hex')}\n`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual([LOG_KEY_FILE]);
    expect(await open()).toEqual(key);
    expect(reports).toEqual([]);
  });

  it('is another one for each log, which its mark tells', async () => {
    const key = await open();
    await rm(path);
    const other = await open();
    expect(other).not.toEqual(key);
    expect(markOfKey(other)).not.toEqual(markOfKey(key));
    expect(markOfKey(key).length).toBe(8);
  });

  it('is made anew when it is lost, which is told when ids were hashed with it', async () => {
    await writeFile(join(directory, '00000000000000000000.ids'), '');
    const key = await open();
    expect(reports).toEqual([expect.stringMatching(/^warn .*log\.key is missing/)]);
    expect(await open()).toEqual(key);
    expect(reports).toHaveLength(1);
  });

  it.each(['', 'abc', '0'.repeat(31), '0'.repeat(33), `${'0'.repeat(31)}g`, '0'.repeat(5_000)])(
    'is made anew when it is damaged: "%s"',
    async (text) => {
      await writeFile(path, text);
      const key = await open();
      expect(reports).toEqual([expect.stringMatching(/^warn .*does not hold 32 hex digits/)]);
      expect(await open()).toEqual(key);
    },
  );

  it('is not made anew when the disk does not read it', async () => {
    const key = await open();
    const read = (): Promise<number> => Promise.reject(new Error('EIO'));
    await expect(open({ ...nodeLogFiles, read })).rejects.toThrow('EIO');
    expect(await open()).toEqual(key);
  });

  it('lasts for the process when the disk takes no file', async () => {
    const write = (): Promise<number> => Promise.reject(new Error('ENOSPC'));
    const key = await open({ ...nodeLogFiles, write });
    expect(key.length).toBe(16);
    expect(reports).toEqual([expect.stringMatching(/^error .*cannot be written.*ENOSPC/)]);
    expect(await open()).not.toEqual(key);
  });
});
