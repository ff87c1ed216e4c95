import { describe, expect, it } from '@jest/globals';
import { START_OF_LOG, toOffset, type Offset } from '../../src/staging-log/staging-log.port.js';
import { appendAll, readLines, readNumbers, record } from './staging-log-reading.js';
import type { ContractContext } from './staging-log-under-test.js';

/** Offsets, what proves them, and that a log is left in peace. Offsets are nothing but growing integers. */
export function registerPlaceTests({ subject, log, reopen }: ContractContext): void {
  /** Appends one record after the other. @returns the end before each of them, and the last one. */
  async function fill(count: number): Promise<Offset[]> {
    const ends = [log().endOffset()];
    for (let n = 0; n < count; n++) {
      await appendAll(log(), record(n));
      ends.push(log().endOffset());
    }
    return ends;
  }

  describe('offsets', () => {
    it('grow from the start of the log, and are the same after opening again', async () => {
      expect(log().startOffset()).toBe(START_OF_LOG);
      expect(log().endOffset()).toBe(START_OF_LOG);
      const ends = await fill(10);
      expect(ends).toEqual([...new Set(ends)].sort((one, other) => one - other));
      for (let pass = 0; pass < 2; pass++) {
        expect(log().startOffset()).toBe(START_OF_LOG);
        const lines = await readLines(log());
        expect(lines).toHaveLength(10);
        for (const [n, { offset, next }] of lines.entries()) {
          expect(offset).toBeGreaterThanOrEqual(ends[n] ?? Infinity);
          expect(next).toBeGreaterThan(offset);
          expect(next).toBeLessThanOrEqual(ends[n + 1] ?? 0);
          expect(await readLines(log(), ends[n])).toEqual(lines.slice(n));
        }
        expect(log().endOffset()).toBe(ends.at(-1));
        await reopen();
      }
    });

    it('do not move when nothing is stored', async () => {
      await appendAll(log(), record(1, 'a'));
      const end = log().endOffset();
      expect(await appendAll(log(), record(1, 'a'), record(2, 'a'))).toEqual([
        'duplicate',
        'id-reused',
      ]);
      expect(log().endOffset()).toBe(end);
    });

    it('are at their end when an append is answered, never before', async () => {
      const gate = subject().holdSyncs();
      const ends: Offset[] = [];
      const appends = [0, 1, 2].map(async (n) => {
        await appendAll(log(), record(n));
        ends.push(log().endOffset());
      });
      await gate.reached;
      expect(log().endOffset()).toBe(START_OF_LOG);
      gate.open();
      await Promise.all(appends);
      const lines = await readLines(log());
      for (const [n, end] of ends.entries()) expect(end >= (lines[n]?.next ?? Infinity)).toBe(true);
    });
  });

  describe('fingerprints', () => {
    it('are the same for ever, and prove a log to be itself', async () => {
      const ends = await fill(8);
      const prints = await Promise.all(ends.map((end) => log().fingerprintBefore(end)));
      expect(prints[0]).toBe('');
      expect(new Set(prints).size).toBe(ends.length);
      await reopen();
      await appendAll(log(), record(8));
      for (const [index, end] of ends.entries()) {
        expect(await log().fingerprintBefore(end)).toBe(prints[index]);
        expect(await log().compare(end, prints[index] ?? '')).toBe('same');
        expect(await log().compare(end, 'f'.repeat(32))).toBe('different');
      }
    });

    it('are not told of places beyond the end', async () => {
      await fill(2);
      const beyond = toOffset(log().endOffset() + 1);
      expect(await log().compare(beyond, '')).toBe('beyond-end');
      await expect(log().fingerprintBefore(beyond)).rejects.toThrow();
    });
  });

  describe('a log that is closed while everything goes on', () => {
    it('answers everybody, keeps what it acknowledged, and nothing else', async () => {
      const sent: { n: number; isDurable: boolean }[] = [];
      const reading = readNumbers(log()).catch(() => []);
      const appends = Array.from({ length: 60 }, async (_, n) => {
        if (n % 3 === 0) await new Promise(setImmediate);
        const { kind } = await log().append([record(n, n % 2 === 0 ? `id ${n}` : undefined)]);
        sent.push({ n, isDurable: kind === 'durable' });
      });
      const closings = [log().close(), log().close()];
      await Promise.all([...appends, ...closings, reading]);
      const kept = sent.filter(({ isDurable }) => isDurable).map(({ n }) => n);
      const found = await readNumbers(await reopen());
      expect(found.toSorted((one, other) => one - other)).toEqual(
        kept.toSorted((one, other) => one - other),
      );
      expect(sent).toHaveLength(60);
    });
  });

  describe('a refusal that nobody waits for', () => {
    // Jest fails a test in which a promise rejects and nobody handles it.
    it('ends no process: no promise of the log rejects unseen', async () => {
      subject().failNextSync();
      for (const n of [1, 2, 3]) void log().append([record(n, `id ${n}`)]);
      await reopen();
      for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
      expect(await readNumbers(log())).toEqual([]);
    });
  });
}
