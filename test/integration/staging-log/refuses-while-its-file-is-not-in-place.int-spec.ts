import { copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { systemError } from '../../support/staging-log-faults.js';
import {
  accepting,
  appendAll,
  readNumbers,
  record,
  refusing,
} from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;
let log: LocalStagingLog;
let aside: string;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
  aside = `${bench.segment}.aside`;
  log = await bench.open();
  await appendAll(log, record(1, 'one'), record(2, 'two'));
});

afterEach(() => bench.remove());

/** The log refuses, names the file and what to do, and stores nothing of what it refuses. */
async function expectRefusal(remedy: RegExp): Promise<void> {
  expect((await refusing(log)).code).toBe('LOG_UNAVAILABLE');
  const result = await log.append([record(9, 'nine')]);
  if (result.kind === 'durable') throw new Error('it took a record');
  expect([result.code, result.retryAfterSeconds]).toEqual(['LOG_UNAVAILABLE', 2]);
  expect(result.message).toContain(bench.segment);
  expect(result.message).toMatch(remedy);
  expect(bench.reports).toContain(`error the staging log takes no events: ${result.message}`);
}

async function expectGoesOn(): Promise<void> {
  await accepting(log);
  expect(bench.reports.at(-1)).toMatch(/^info the staging log takes events again/);
  const outcomes = await appendAll(log, record(1, 'one'), record(3, 'three'));
  expect(outcomes).toEqual(['duplicate', 'appended']);
  await log.close();
  expect(await readNumbers(await bench.open())).toEqual([1, 2, 3]);
}

/** Waits until the log has looked after its file so often, from now on. */
async function looks(count: number): Promise<void> {
  const until = bench.files.calls.stat + count;
  for (const deadline = Date.now() + 60_000; bench.files.calls.stat < until;) {
    if (Date.now() > deadline) throw new Error('nobody looks after the file');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a log whose file is taken away while it is open', () => {
  it('refuses when it was moved, and goes on when it is back', async () => {
    await rename(bench.segment, aside);
    await expectRefusal(/ENOENT.*put .* back.*restart/);
    expect(await readNumbers(log)).toEqual([1, 2]);
    await rename(aside, bench.segment);
    await expectGoesOn();
  });

  it('refuses when the whole directory was moved, and goes on when it is back', async () => {
    await rename(bench.directory, `${bench.directory}.aside`);
    await expectRefusal(/ENOENT.*put .* back.*restart/);
    await rename(`${bench.directory}.aside`, bench.directory);
    await expectGoesOn();
  });

  it('refuses when a copy is in its place, until the log is opened again', async () => {
    await copyFile(bench.segment, aside);
    await rm(bench.segment);
    await expectRefusal(/ENOENT/);
    await rename(aside, bench.segment);
    await looks(2);
    await expectRefusal(/another file.*put .* back.*restart/);
    await log.close();
    log = await bench.open();
    expect(await appendAll(log, record(2, 'two'), record(3))).toEqual(['duplicate', 'appended']);
    expect(await readNumbers(log)).toEqual([1, 2, 3]);
  });

  it('refuses when it was cut, and goes on when all its bytes are back', async () => {
    const bytes = await bench.bytes();
    await truncate(bench.segment, 10);
    await expectRefusal(/has 10 bytes.*acknowledged.*put .* back.*restart/);
    await writeFile(bench.segment, bytes, { flag: 'r+' });
    await expectGoesOn();
  });

  it('refuses when it was cut and appended to before anybody looked', async () => {
    const bytes = await bench.bytes();
    await looks(1);
    const next = bench.files.hold('stat');
    await next.reached; // the one before is over, and has seen the records
    await truncate(bench.segment, 0);
    expect((await log.append([record(4)])).kind).toBe('durable');
    bench.files.heal();
    next.open();
    await expectRefusal(/other bytes.*put .* back.*restart/);
    await writeFile(bench.segment, bytes, { flag: 'r+' });
    await accepting(log);
    expect(await readNumbers(log)).toEqual([1, 2, 4]);
  });

  it('refuses while nobody can tell, and goes on when it is seen', async () => {
    bench.files.before = (call) => {
      if (call === 'stat') throw systemError('EIO');
    };
    await expectRefusal(/EIO/);
    bench.files.heal();
    await expectGoesOn();
  });

  it('does not go on with another file after a failed sync, nor touch it', async () => {
    await rename(bench.segment, aside);
    const foreign = `{"timestamp":1,"n":8}\n`.repeat(50);
    await writeFile(bench.segment, foreign);
    bench.files.failNext('fdatasync', systemError('EIO'));
    expect((await log.append([record(9)])).kind).toBe('refused');
    await looks(2);
    await expectRefusal(/another file/);
    expect(await readFile(bench.segment, 'utf8')).toBe(foreign);
    await rename(aside, bench.segment);
    await expectGoesOn();
  });
});

describe('a log whose file is in place', () => {
  it('takes it for longer, but not for wrong, while a commit is in flight', async () => {
    const gate = bench.files.hold('fdatasync');
    const append = log.append([record(3, 'three')]);
    await gate.reached;
    await looks(2);
    expect(log.health()).toEqual({ kind: 'accepting' });
    gate.open();
    expect((await append).kind).toBe('durable');
    await looks(2);
    expect(log.health()).toEqual({ kind: 'accepting' });
  });

  it('is looked after while it grows', async () => {
    for (const until = Date.now() + 3_000; Date.now() < until;) {
      await Promise.all([1, 2, 3].map((n) => appendAll(log, record(n))));
      expect(log.health()).toEqual({ kind: 'accepting' });
    }
  });

  it.each(['stat', 'read'] as const)('closes when a look is over that is at its %s', async (at) => {
    const gate = bench.files.hold(at);
    await gate.reached;
    let closed = false;
    const closing = log.close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(false);
    gate.open();
    await closing;
    expect([bench.files.strayCloses, [...bench.files.descriptors]]).toEqual([0, []]);
  });
});
