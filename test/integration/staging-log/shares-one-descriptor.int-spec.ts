import { expect, it } from '@jest/globals';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const CALLS = 1_000;

it('1,000 appends at once open no file, and share a handful of writes and syncs', async () => {
  const bench = await StagingLogWorkbench.create();
  try {
    const log = await bench.open();
    const { files } = bench;
    const [open, before] = [new Set(files.descriptors), { ...files.calls }];
    await Promise.all(Array.from({ length: CALLS }, (_, n) => appendAll(log, record(n))));
    expect(files.descriptors).toEqual(open);
    expect(files.calls.open).toBe(before.open);
    expect(files.calls.write - before.write).toBeLessThan(10);
    expect(files.calls.fdatasync - before.fdatasync).toBeLessThan(10);
    expect((await bench.bytes()).toString().split('\n')).toHaveLength(CALLS + 1);
  } finally {
    await bench.remove();
  }
});
