import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendAll, readTexts } from '../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../support/staging-log-workbench.js';

const CYCLES = 32;
const CHILD = join(import.meta.dirname, '../support/staging-log-crash-child.mjs');

/** A small generator (mulberry32), so that a seed tells the whole run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

/** Lets a child append until it has said so many lines, kills it, and returns what it acknowledged. */
async function appendUntilKilled(generation: number, linesUntilKill: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, bench.dataDir, String(generation)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  let lines = 0;
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ack ')) acknowledged.push(line.slice(4));
    if (++lines === linesUntilKill) child.kill('SIGKILL');
  }
  expect(await closed).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

describe('a process that is killed while it appends', () => {
  it('leaves every acknowledged record there, exactly once', async () => {
    const seed = Date.now() % 2 ** 31;
    const random = randomFrom(seed);
    const acknowledged: string[] = [];
    try {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        // Now and then before the first record, or in the middle of opening the log.
        const linesUntilKill = 1 + Math.floor(random() ** 2 * 400);
        acknowledged.push(...(await appendUntilKilled(cycle, linesUntilKill)));
        const log = await bench.open();
        const ids = (await readTexts(log)).map((text) => (JSON.parse(text) as { id: string }).id);
        const stored = new Set(ids);
        expect(stored.size).toBe(ids.length);
        expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
        await log.close();
      }
      expect(acknowledged.length).toBeGreaterThan(CYCLES);
    } catch (error) {
      throw new Error(`with the seed ${seed}: ${String(error)}`, { cause: error });
    }
  });

  it('leaves an index of ids that knows what was sent before', async () => {
    const acknowledged = await appendUntilKilled(0, 200);
    const log = await bench.open();
    const before = log.endOffset();
    const texts = new Map(
      (await readTexts(log)).map((text) => {
        const { id, fill } = JSON.parse(text) as { id: string; fill: string };
        return [id, JSON.stringify({ id2: id, fill })];
      }),
    );
    const again = acknowledged.map((id) => ({ id, payload: texts.get(id) ?? '' }));
    expect(new Set(await appendAll(log, ...again))).toEqual(new Set(['duplicate']));
    expect(log.endOffset()).toBe(before);
  });
});
