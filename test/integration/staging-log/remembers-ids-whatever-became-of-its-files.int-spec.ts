import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rm } from 'node:fs/promises';
import type { DedupeBounds } from '../../../src/staging-log/ids/dedupe-index.js';
import { LaidLog, type LaidRecord } from './remembers-ids-support.js';

const START_MS = 1_763_800_000_000;

/** What becomes of the file of a sealed segment. */
type Fate = (log: LaidLog, number: number, bounds: DedupeBounds) => Promise<void>;

const kept: Fate = (log, number, bounds) => log.writeIds(number, bounds);

const damaged =
  (change: (bytes: Buffer) => Buffer): Fate =>
  async (log, number, bounds) => {
    await kept(log, number, bounds);
    await log.damage(number, change);
  };

/** The checksum is right, but it is the file of the segment before. */
const exchanged: Fate = async (log, number, bounds) => {
  if (number === 0) return;
  await log.writeIds(number - 1, bounds);
  const other = log.segments[number - 1]!.idsPath;
  await log.files.rename(other, log.segments[number]!.idsPath);
};

const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant(kept) },
  fc.constant<Fate>(() => Promise.resolve()),
  fc.constant(exchanged),
  fc.nat(400).map((at) => damaged((bytes) => bytes.subarray(0, at % bytes.length))),
  fc.nat(3_000).map((bit) =>
    damaged((bytes) => {
      bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
      return bytes;
    }),
  ),
  fc.constant<Fate>((log, number, bounds) =>
    log.writeIds(number, bounds, Buffer.from('of other hashes.')),
  ),
  fc.constant<Fate>((log, number, { idsMax, windowSeconds }) =>
    log.writeIds(number, { idsMax: Math.ceil(idsMax / 4), windowSeconds }),
  ),
  fc.constant<Fate>((log, number, { idsMax, windowSeconds }) =>
    log.writeIds(number, { idsMax, windowSeconds: Math.ceil(windowSeconds / 4) }),
  ),
);

/** The time to the record before as a part of the window, and what the record is. */
const step = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 100 }).map((n) => n / 1_000) },
    { weight: 1, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) },
  ),
  fc.constantFrom('id', 'id', 'id', 'id', 'no id', 'foreign'),
);

const laidOut = fc.record({
  bounds: fc.record({
    idsMax: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(1_000)),
    windowSeconds: fc.integer({ min: 1, max: 10_000 }),
  }),
  segments: fc.array(fc.record({ steps: fc.array(step, { maxLength: 10, size: 'max' }), fate }), {
    minLength: 1,
    size: 'max',
    maxLength: 7,
  }),
});

interface Known {
  readonly id: string;
  readonly payload: string;
  /** Since the first record, at most a tenth of the window from one to the next. */
  readonly seconds: number;
}

/** By so much an age may be told wrong, for ages are kept in whole seconds. */
const AGE_ERROR_SECONDS = 5;

/**
 * Lays the segments. @returns the ids in them, oldest first, the time of the newest record, and of the last one
 * of each segment.
 */
function lay(
  log: LaidLog,
  { bounds, segments }: { bounds: DedupeBounds; segments: { steps: [number, string][] }[] },
): { all: Known[]; end: number; ends: number[] } {
  const all: Known[] = [];
  const ends: number[] = [];
  let [timestamp, seconds, n] = [START_MS, 0, 0];
  let isFirst = true;
  for (const { steps } of segments) {
    const records = steps.map(([part, what]): LaidRecord => {
      const payload = `{"n":${n}}`;
      if (what === 'foreign') return { timestamp: null, payload };
      const before = timestamp;
      timestamp += Math.round(part * bounds.windowSeconds * 1_000);
      const gap = isFirst ? 0 : (timestamp - before) / 1_000;
      isFirst = false;
      seconds += Math.max(0, Math.min(gap, bounds.windowSeconds / 10));
      if (what === 'no id') return { timestamp, payload };
      const id = `id ${n++}`;
      all.push({ id, payload, seconds });
      return { timestamp, id, payload };
    });
    log.add(records);
    ends.push(seconds);
  }
  return { all, end: seconds, ends };
}

let log: LaidLog;

afterEach(() => log.remove());

/** Opens the ids, and compares what is known with what is in the log. */
async function expectKnown(
  { all, end }: { all: readonly Known[]; end: number },
  bounds: DedupeBounds,
): Promise<void> {
  const { index, now } = await log.open(bounds);
  expect(index.size).toBeLessThanOrEqual(bounds.idsMax);
  for (const [n, { id, payload, seconds }] of all.entries()) {
    const isAmongLast = n >= all.length - bounds.idsMax;
    const age = end - seconds;
    if (isAmongLast && age <= bounds.windowSeconds - 0.001) {
      expect([id, index.look(id, payload, now())]).toEqual([id, 'duplicate']);
      expect([id, index.look(id, '{}', now())]).toEqual([id, 'id-reused']);
    } else if (!isAmongLast || age > bounds.windowSeconds + AGE_ERROR_SECONDS) {
      expect([id, index.look(id, payload, now())]).toEqual([id, 'new']);
    }
  }
  expect(index.look('id none', '{}', now())).toBe('new');
  expect(log.files.descriptors.size).toBe(0);
}

describe('ids after opening again', () => {
  it('are those of the window, whatever became of their files, which are whole afterwards', async () => {
    const property = fc.asyncProperty(laidOut, async (plan) => {
      log = await LaidLog.create();
      try {
        const known = lay(log, plan);
        for (const [number, segment] of plan.segments.slice(0, -1).entries()) {
          await segment.fate(log, number, plan.bounds);
        }
        await expectKnown(known, plan.bounds);
        await expectKnown(known, plan.bounds);
        // A segment at the very edge of the window may count as within it, or not, at each opening.
        const isAnyAtEdge = known.ends.some(
          (age) => Math.abs(known.end - age - plan.bounds.windowSeconds) <= AGE_ERROR_SECONDS,
        );
        if (isAnyAtEdge) return;
        expect(log.read).toEqual([plan.segments.length - 1]);
        expect(log.reports).toEqual([]);
      } finally {
        await log.remove();
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('are those of the window when the key is lost, and of wider bounds than before', async () => {
    log = await LaidLog.create();
    const narrow = { idsMax: 5, windowSeconds: 1_000 };
    const steps = Array.from({ length: 8 }, (): [number, string] => [0.01, 'id']);
    const segments = Array.from({ length: 6 }, () => ({ steps }));
    const known = lay(log, { bounds: narrow, segments });
    await expectKnown(known, narrow);
    await expectKnown(known, { ...narrow, idsMax: 30 });
    await rm(`${log.directory}/log.key`);
    await expectKnown(known, { ...narrow, idsMax: 30 });
    expect(log.reports[0]).toMatch(/log\.key is missing/);
    await expectKnown(known, { ...narrow, idsMax: 30 });
    expect(log.read).toEqual([5]);
  });
});
