import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Gate, systemError } from '../../support/staging-log-faults.js';
import { appendAll, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

const expectAllClosed = (): void => {
  expect([bench.files.strayCloses, [...bench.files.descriptors]]).toEqual([0, []]);
};

describe('closing', () => {
  it.each(
    (['open', 'fstat', 'truncate', 'fsync', 'close'] as const).flatMap((call) => [
      { call, time: 1, which: 'the cut before the answer' },
      { call, time: 2, which: 'the way back after it' },
    ]),
  )('waits for $which, which is at its $call', async ({ call, time }) => {
    const log = await bench.open();
    await appendAll(log, record(1));
    const base = bench.files.calls[call];
    const gate = new Gate();
    bench.files.failNext('fdatasync', systemError('EIO'));
    const failSync = bench.files.before;
    bench.files.before = (name, nth, path) =>
      name === call && nth === base + time ? gate.pass() : failSync(name, nth, path);
    const append = log.append([record(2)]);
    await gate.reached;
    const closed = log.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    gate.open();
    expect((await append).kind).toBe('refused');
    await closed;
    expectAllClosed();
    bench.files.heal();
    expect(await readNumbers(await bench.open())).toEqual([1]);
  });

  it('closes all files and does not reject when one cannot be closed', async () => {
    for (const nth of [1, 2]) {
      const log = await bench.open();
      await appendAll(log, record(nth));
      bench.files.failNext('close', systemError('EIO'), [nth]);
      await log.close();
      await log.close();
      bench.files.heal();
      expectAllClosed();
      expect(bench.reports.at(-1)).toMatch(/EIO/);
    }
    expect(await readNumbers(await bench.open())).toEqual([1, 2]);
  });

  it('tells when it could not cut off what was refused', async () => {
    const log = await bench.open();
    await appendAll(log, record(1));
    bench.files.before = (call) => {
      if (call === 'fdatasync' || call === 'truncate') throw systemError('EIO');
    };
    expect((await log.append([record(2)])).kind).toBe('refused');
    await log.close();
    expect(bench.reports.at(-1)).toMatch(/error .*refused.*offset \d+/);
    expectAllClosed();
  });

  it('waits for reads that are under way', async () => {
    const log = await bench.open();
    await appendAll(log, record(1));
    const gate = bench.files.hold('read');
    const numbers = readNumbers(log);
    await gate.reached;
    const closed = log.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.files.descriptors.size).toBeGreaterThan(0);
    gate.open();
    await closed;
    expect(await numbers).toEqual([1]);
    expectAllClosed();
  });

  it('is not needed for a process to end: nothing of the log keeps it alive', () => {
    const compiled = join(import.meta.dirname, '../../../dist/src/staging-log');
    const program = `
      const { LocalStagingLog } = await import(process.argv[1] + '/local-staging-log.js');
      const { nodeLogFiles } = await import(process.argv[1] + '/files/log-files.js');
      const fail = () => Promise.reject(new Error('made up by a test'));
      const log = await LocalStagingLog.open({
        dataDir: process.argv[2], dedupeIdsMax: 10, dedupeWindowSeconds: 10,
        appendQueueBytesMax: 1000, backlogBytesMax: 0, diskFreeBytesMin: 0, report() {},
        files: { ...nodeLogFiles, fdatasync: fail, truncate: fail },
      });
      console.log((await log.append([{ payload: '{"n":1}' }])).kind);`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, pathToFileURL(compiled).href, bench.dataDir],
      { timeout: 10_000, encoding: 'utf8' },
    );
    expect([status, stdout, stderr]).toEqual([0, 'refused\n', '']);
  });
});
