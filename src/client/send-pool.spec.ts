import { describe, expect, it } from '@jest/globals';
import type { Parcel } from './packer.js';
import type { ParcelEnd, ParcelReport } from './send-parcel.js';
import { SendPool } from './send-pool.js';

const parcelOf = (line: number): Parcel => [{ line, text: '{}' }];

const reportOf = (parcel: Parcel, end: ParcelEnd): ParcelReport => ({
  line: parcel[0]!.line,
  accepted: 1,
  duplicates: 0,
  rejected: [],
  rejectedTotal: 0,
  openSince: null,
  end,
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A pool whose answers come when the test gives them. */
function gatedPool(concurrencyMax: number) {
  const halt = new AbortController();
  const gates = new Map<number, (end: ParcelEnd) => void>();
  const settled: number[] = [];
  const pool = new SendPool({
    concurrencyMax,
    halt: halt.signal,
    send: (parcel) =>
      new Promise((resolve) => {
        const { line } = parcel[0]!;
        gates.set(line, (end) => {
          gates.delete(line);
          resolve(reportOf(parcel, end));
        });
      }),
    reported: ({ end }) => {
      if (end.kind === 'failed') halt.abort();
    },
    settled: ({ line }) => settled.push(line ?? 0),
  });
  const answer = async (line: number, end: ParcelEnd = { kind: 'complete' }): Promise<void> => {
    gates.get(line)!(end);
    await nextTurn();
  };
  return { pool, gates, settled, answer, halt };
}

const FAILED: ParcelEnd = {
  kind: 'failed',
  failure: { kind: 'unreachable', cause: 'c', attempts: 1 },
};

describe('SendPool', () => {
  it('never has more in flight than its bound', async () => {
    const { pool, gates, answer } = gatedPool(2);
    let added = 0;
    const reader = (async () => {
      for (let line = 1; line <= 5; line += 1) {
        await pool.add(parcelOf(line));
        added += 1;
      }
    })();
    for (let line = 1; line <= 5; line += 1) {
      await nextTurn();
      expect(gates.size).toBeLessThanOrEqual(2);
      expect(added).toBeLessThanOrEqual(line + 1);
      await answer(line);
    }
    await reader;
    await pool.drain();
  });

  it('settles in the order of the file whatever order the answers have', async () => {
    const { pool, settled, answer } = gatedPool(3);
    for (const line of [1, 2, 3]) await pool.add(parcelOf(line));
    await answer(3);
    await answer(2);
    expect(settled).toEqual([]);
    await answer(1);
    expect(settled).toEqual([1, 2, 3]);
  });

  it('bounds how far it runs ahead of a parcel that is not answered', async () => {
    const { pool, answer, gates } = gatedPool(2);
    await pool.add(parcelOf(1));
    let line = 1;
    const reader = (async () => {
      while (await pool.add(parcelOf(line + 1))) line += 1;
    })();
    for (let turn = 0; turn < 200; turn += 1) {
      await nextTurn();
      const ahead = [...gates.keys()].find((waiting) => waiting > 1);
      if (ahead !== undefined) await answer(ahead);
    }
    expect(line).toBe(32);
    await answer(1, FAILED);
    await reader;
  });

  it('settles nothing after a parcel that failed, and sends nothing more', async () => {
    const { pool, settled, answer } = gatedPool(3);
    for (const line of [1, 2, 3]) await pool.add(parcelOf(line));
    await answer(2, FAILED);
    await answer(3);
    await answer(1);
    expect(settled).toEqual([1, 2]);
    expect(await pool.add(parcelOf(4))).toBe(false);
    await pool.drain();
  });

  it('waits for what is in flight after a halt', async () => {
    const { pool, settled, answer, halt } = gatedPool(1);
    await pool.add(parcelOf(1));
    halt.abort();
    const drained = pool.drain();
    await answer(1);
    await drained;
    expect(settled).toEqual([1]);
  });

  it('passes on what sending has thrown', async () => {
    const pool = new SendPool({
      concurrencyMax: 1,
      halt: new AbortController().signal,
      send: () => Promise.reject(new Error('defect')),
      reported: () => undefined,
      settled: () => undefined,
    });
    await pool.add(parcelOf(1));
    expect(await pool.add(parcelOf(2))).toBe(false);
    await expect(pool.drain()).rejects.toThrow('defect');
  });
});
