import { cp } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { systemError, type FileCall } from '../../support/staging-log-faults.js';
import { accepting, readTexts } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

interface Fault {
  readonly call: FileCall;
  readonly code: 'EIO' | 'ENOSPC';
  /** Whether it happened before it was said to have failed. */
  readonly when: 'before' | 'after';
  /** As the disk does when it is nearly full, or a signal comes in. */
  readonly writeBytesMax: number;
  /** The first sync fails, too, so that the way back is walked. */
  readonly firstSyncFails: boolean;
}

const ROUNDS = 3;
const CALLS_A_ROUND = 4;
const ids = Array.from({ length: ROUNDS * CALLS_A_ROUND * 2 }, (_, n) => `ïd "${n}"`);

const withDefaults = (fault: Partial<Fault> & { call: FileCall }): Fault => ({
  ...{ code: 'EIO', when: 'before', writeBytesMax: Infinity, firstSyncFails: false },
  ...fault,
});

/** What a crash right now would leave, as far as the files tell. */
async function readCopy(bench: StagingLogWorkbench): Promise<string[]> {
  const copy = await StagingLogWorkbench.create();
  try {
    await cp(bench.dataDir, copy.dataDir, { recursive: true });
    return await readTexts(await copy.open());
  } finally {
    await copy.remove();
  }
}

/** Sends every id until it is acknowledged; the payload tells the attempts apart. */
class Sender {
  readonly acknowledged = new Map<string, number>();
  readonly refused = new Set<string>();

  constructor(private readonly log: StagingLog) {}

  async sendAll(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const calls = Array.from({ length: CALLS_A_ROUND }, (_, call) => {
        const first = (round * CALLS_A_ROUND + call) * 2;
        return this.send(ids.slice(first, first + 2));
      });
      await Promise.all(calls);
    }
  }

  private async send(some: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const payload = JSON.stringify({ attempt });
      const result = await this.log.append(some.map((id) => ({ id, payload })));
      if (result.kind === 'durable') {
        expect(result.outcomes).toEqual(some.map(() => 'appended'));
        for (const id of some) this.acknowledged.set(id, attempt);
        return;
      }
      expect(result.code).toBe('LOG_UNAVAILABLE');
      for (const id of some) this.refused.add(`${id} ${attempt}`);
      this.expectNothingRefused(await readTexts(this.log));
      await accepting(this.log);
    }
  }

  private expectNothingRefused(texts: readonly string[]): void {
    const read = texts.map((text) => JSON.parse(text) as { id: string; attempt: number });
    expect(read.filter(({ id, attempt }) => this.refused.has(`${id} ${attempt}`))).toEqual([]);
  }

  /** Each acknowledged record once, and nothing else. */
  async expectExactly(log: StagingLog): Promise<void> {
    const read = (await readTexts(log)).map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(read.length).toBe(this.acknowledged.size);
    const found = new Map(read.map(({ id, attempt }) => [id, attempt]));
    expect(found).toEqual(this.acknowledged);
    expect(this.acknowledged.size).toBe(ids.length);
  }
}

/** @returns whether the log made as many calls, so that the fault came about. */
async function runWithFault(fault: Fault, nth: number): Promise<boolean> {
  const bench = await StagingLogWorkbench.create();
  try {
    const log = await bench.open();
    const { files } = bench;
    const base = { ...files.calls };
    let happened = false;
    const strike = (call: FileCall, number: number): void => {
      if (fault.firstSyncFails && call === 'fdatasync' && number === base.fdatasync + 1) {
        throw systemError('EIO');
      }
      if (call !== fault.call || number !== base[call] + nth) return;
      happened = true;
      throw systemError(fault.code);
    };
    files[fault.when] = strike;
    if (fault.when === 'after' && fault.firstSyncFails) files.before = strike;
    files.writeBytesMax = fault.writeBytesMax;
    const sender = new Sender(log);
    await sender.sendAll();
    files.heal();
    await sender.expectExactly(log);
    await log.close();
    expect([files.strayCloses, [...files.descriptors]]).toEqual([0, []]);
    await sender.expectExactly(await bench.open());
    return happened;
  } finally {
    await bench.remove();
  }
}

/** N = 1, 2, … until the log makes no such call any more; several at once, each in its directory. */
async function runUntilUnharmed(fault: Fault): Promise<number> {
  const AT_ONCE = 6;
  for (let from = 1; from < 200; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, i) => from + i);
    const happened = await Promise.all(numbers.map((nth) => runWithFault(fault, nth)));
    if (happened.includes(false)) return from - 1 + happened.indexOf(false);
  }
  throw new Error('there is no end to these calls');
}

const appending: Fault[] = [
  ...(['before', 'after'] as const).flatMap((when) => [
    withDefaults({ call: 'write', when }),
    withDefaults({ call: 'write', when, code: 'ENOSPC', writeBytesMax: 70 }),
    withDefaults({ call: 'fdatasync', when }),
    withDefaults({ call: 'fdatasync', when, code: 'ENOSPC', writeBytesMax: 333 }),
  ]),
];
const healing: Fault[] = (['open', 'fstat', 'truncate', 'fsync', 'close'] as const).flatMap(
  (call) =>
    (['before', 'after'] as const).map((when) =>
      withDefaults({ call, when, firstSyncFails: true, writeBytesMax: 200 }),
    ),
);

describe('a call to the system that fails', () => {
  it.each(appending)('at each $call, $when it: $code, at most $writeBytesMax', async (fault) => {
    expect(await runUntilUnharmed(fault)).toBeGreaterThan(2);
  });

  it.each(healing)('at each $call, $when it, on the way back', async (fault) => {
    expect(await runUntilUnharmed(fault)).toBeGreaterThan(0);
  });

  it('changes nothing when writes are only short', async () => {
    for (const writeBytesMax of [1, 2, 7, 64]) {
      await runWithFault(withDefaults({ call: 'write', writeBytesMax }), Infinity);
    }
  });

  it('fails a write that gets nowhere, rather than to try for ever', async () => {
    const bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    bench.files.writeBytesMax = 0;
    expect((await log.append([{ payload: '{"n":1}' }])).kind).toBe('refused');
    bench.files.writeBytesMax = Infinity;
    await accepting(log);
    await bench.remove();
  });

  it('leaves nothing that was refused to a process that is killed right after', async () => {
    const bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    await log.append([{ payload: '{"n":1}' }]);
    bench.files.failNext('fdatasync', systemError('EIO'));
    expect((await log.append([{ payload: '{"n":2}' }])).kind).toBe('refused');
    expect(await readCopy(bench)).toEqual([expect.stringContaining('"n":1}')]);
    await bench.remove();
  });

  it('goes on for as long as it takes, without a queue growing behind it', async () => {
    const bench = await StagingLogWorkbench.create();
    const log = await bench.open();
    bench.files.before = (call) => {
      if (call === 'fdatasync' || call === 'truncate') throw systemError('EIO');
    };
    for (let n = 0; n < 100; n++) {
      expect((await log.append([{ id: `${n}`, payload: '{"n":1}' }])).kind).toBe('refused');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    bench.files.heal();
    await accepting(log);
    expect(log.endOffset()).toBe(0);
    expect(await log.append([{ id: '0', payload: '{"n":1}' }])).toMatchObject({ kind: 'durable' });
    expect(await readTexts(log)).toHaveLength(1);
    await bench.remove();
  });
});
