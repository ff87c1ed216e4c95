import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DamageBench } from '../../support/damage-bench.js';
import { newBench } from '../../support/damage-log.js';
import { eventOf } from '../../support/damage-reading.js';
import { eventually } from '../../support/eventually.js';
import { appendAll } from '../../support/staging-log-reading.js';

let bench: DamageBench;
/** Calls in the order in which they ended: `fsync staging/x`. */
let calls: string[];

beforeEach(() => {
  bench = newBench();
  calls = [];
  bench.struck.strike = (call, when, path) => {
    if (when === 'after') calls.push(`${call} ${path.slice(bench.dataDir.length + 1)}`);
  };
});

afterEach(() => bench.remove());

const FIRST = 'staging/00000000000000000000.jsonl';
const isSynced = (name: string, from: number, to: number): boolean =>
  calls.slice(from, to).some((call) => call === `fsync ${name}` || call === `fdatasync ${name}`);

describe('the order of calls', () => {
  it('has the bytes of an event synced behind their last write, before the answer', async () => {
    const log = await bench.open();
    for (let n = 0; n < 5; n++) {
      const before = calls.length;
      await appendAll(log, eventOf(n));
      const write = calls.findLastIndex((call) => /^write .*\.jsonl$/.test(call));
      expect(write).toBeGreaterThanOrEqual(before);
      expect(isSynced(calls[write]!.slice('write '.length), write, calls.length)).toBe(true);
    }
    await log.close();
  });

  it('has the name of a new segment synced before the first write to it', async () => {
    const log = await bench.open();
    for (let n = 0; n < 9; n++) await appendAll(log, eventOf(n));
    await log.close();
    const begun = calls.filter((call) => /^write .*\.jsonl$/.test(call));
    const names = new Set(begun.map((call) => call.slice('write '.length)));
    expect(names.size).toBeGreaterThan(3);
    for (const name of names) {
      const opened = calls.indexOf(`open ${name}`);
      expect(isSynced('staging', opened, calls.indexOf(`write ${name}`))).toBe(true);
    }
  });

  it('has what a killed process left synced, and its directory, before the log is open', async () => {
    const killed = await bench.open();
    await appendAll(killed, eventOf(0));
    const before = calls.length;
    const log = await bench.open();
    expect([FIRST, 'staging'].map((name) => isSynced(name, before, calls.length))).toEqual([
      true,
      true,
    ]);
    await log.close();
    await killed.close();
  });

  it('has a side file synced before it gets its name, and the name after it', async () => {
    const log = await bench.open();
    for (let n = 0; n < 5; n++) await appendAll(log, eventOf(n));
    await eventually(() => calls.filter((call) => call.startsWith('rename')).length >= 4);
    await log.close();
    const renames = calls.flatMap((call, at) => (call.startsWith('rename ') ? [at] : []));
    for (const at of renames) {
      const name = calls[at]!.slice('rename '.length);
      const opened = calls.lastIndexOf(`open ${name}`, at);
      expect(isSynced(name, calls.lastIndexOf(`write ${name}`, at), at)).toBe(true);
      expect(opened).toBeGreaterThanOrEqual(0);
      expect(isSynced('staging', at, calls.length)).toBe(true);
    }
  });
});
