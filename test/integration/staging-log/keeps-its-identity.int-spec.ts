import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLogBesideOwner, openStoppedLog } from '../../../src/staging-log/log-tools.port.js';
import { appendAll, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let bench: StagingLogWorkbench;
let identityFile: string;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
  identityFile = join(bench.directory, 'log.identity');
});

afterEach(() => bench.remove());

describe('the identity of a log', () => {
  it('is a UUID in a file of its own, and differs from that of every other log', async () => {
    const log = await bench.open();
    expect(log.identity).toMatch(UUID);
    expect(await readFile(identityFile, 'utf8')).toBe(`${log.identity}\n`);
    const other = await StagingLogWorkbench.create();
    expect((await other.open()).identity).not.toBe(log.identity);
    await other.remove();
  });

  it('goes along with a copy of the data directory', async () => {
    const log = await bench.open();
    await appendAll(log, record(1, 'a'));
    await log.close();
    const copy = await StagingLogWorkbench.create();
    await cp(bench.dataDir, copy.dataDir, { recursive: true });
    const copied = await copy.open();
    expect(copied.identity).toBe(log.identity);
    expect(await appendAll(copied, record(1, 'a'))).toEqual(['duplicate']);
    await copy.remove();
  });

  it('is not made up anew beside records, and the refusal says what to do', async () => {
    const log = await bench.open();
    await appendAll(log, record(1));
    await log.close();
    await rm(identityFile);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'LOG_IDENTITY_MISSING',
      message: expect.stringMatching(/log\.identity is missing.*backup.*load_checkpoint\.log_id/),
    });
    await writeFile(identityFile, log.identity);
    expect(await readNumbers(await bench.open())).toEqual([1]);
  });

  it.each(['', '\n', 'nonsense', '\0'.repeat(37), 'FFFFFFFF-0000-4000-8000-00000000000'])(
    'is refused when it is damaged: %j',
    async (damaged) => {
      await (await bench.open()).close();
      await writeFile(identityFile, damaged);
      await expect(bench.open()).rejects.toMatchObject({
        code: 'LOG_IDENTITY_DAMAGED',
        message: expect.stringMatching(/log\.identity does not hold a UUID; restore it/),
      });
      expect(await readFile(identityFile, 'utf8')).toBe(damaged);
    },
  );

  it('is made when a first start was killed before it could be', async () => {
    await mkdir(bench.directory);
    await writeFile(`${identityFile}.new`, 'half of a UU');
    expect((await bench.open()).identity).toMatch(UUID);
  });
});

describe('a log that is read by a tool', () => {
  it('ends where its owner says, and at its last record when it has none', async () => {
    const log = await bench.open();
    await appendAll(log, record(1));
    const end = log.endOffset();
    await appendAll(log, record(2));
    const beside = await openLogBesideOwner(bench.dataDir, () => end);
    expect(beside.log.identity).toBe(log.identity);
    expect(await readNumbers(beside.log)).toEqual([1]);
    await beside.close();
    await log.close();
    await writeFile(bench.segment, '{"timestamp":1,"torn":', { flag: 'a' });
    const reports: string[] = [];
    const stopped = await openStoppedLog(bench.dataDir, (_, message) => reports.push(message));
    expect(await readNumbers(stopped.log)).toEqual([1, 2]);
    await stopped.close();
  });

  it('is refused where there is none, and none is made', async () => {
    for (const open of [
      openLogBesideOwner(bench.dataDir, () => 0),
      openStoppedLog(bench.dataDir, () => undefined),
    ]) {
      await expect(open).rejects.toMatchObject({ code: 'LOG_MISSING' });
    }
    await expect(readFile(identityFile)).rejects.toThrow('ENOENT');
  });
});
