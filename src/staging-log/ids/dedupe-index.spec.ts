import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DedupeIndex, type DedupeBounds, type IdLookup } from './dedupe-index.js';
import { NO_ENTRY } from './id-table.js';

/** Some time into a log, in seconds. */
const START = 1_000_000;
const KEY = Buffer.from('of the hashes 16');

/** Bytes of all its typed arrays. */
function bytesHeld(index: DedupeIndex): number {
  const { ring, table } = index as unknown as {
    ring: { chunks: Uint32Array[] };
    table: { slots: Int32Array; larger: Int32Array | null };
  };
  const { slots, larger } = table;
  const arrays = [...ring.chunks, slots, ...(larger === null ? [] : [larger])];
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** As if so many ids had come and gone: slots have no room for all of their numbers. */
function indexAt(position: number, bounds: DedupeBounds): DedupeIndex {
  const index = new DedupeIndex(bounds, KEY);
  Object.assign((index as unknown as { ring: object }).ring, { oldest: position, end: position });
  return index;
}

/** The same rules, told with a list. */
class Model {
  private entries: { id: string; payload: string; second: number }[] = [];

  constructor(
    private readonly idsMax: number,
    private readonly windowSeconds: number,
  ) {}

  get size(): number {
    return this.entries.length;
  }

  look(id: string, payload: string, now: number): IdLookup {
    const oldest = Math.floor(now) - this.windowSeconds;
    const entry = this.entries.find((one) => one.id === id && one.second >= oldest);
    if (entry === undefined) return 'new';
    return entry.payload === payload ? 'duplicate' : 'id-reused';
  }

  add(id: string, payload: string, now: number): void {
    if (this.idsMax === 0) return;
    const second = Math.floor(now);
    const tooMany = (): boolean => this.entries.length >= this.idsMax;
    const tooOld = (): boolean =>
      (this.entries[0]?.second ?? Infinity) < second - this.windowSeconds;
    for (let n = 0; n < 2 && this.entries.length > 0 && (tooMany() || tooOld()); n++) {
      this.entries.shift();
    }
    this.entries.push({ id, payload, second });
  }
}

const step = fc.record({
  id: fc.integer({ min: 0, max: 60 }).map(String),
  payload: fc.constantFrom('{"n":1}', '{"n":2}'),
  forward: fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -40, max: 40, noNaN: true }) },
  ),
});

describe('the index of ids', () => {
  it('answers as a plain list does, while entries leave by number and by time', () => {
    fc.assert(
      fc.property(
        fc.record({
          idsMax: fc.integer({ min: 0, max: 40 }),
          windowSeconds: fc.integer({ min: 1, max: 60 }),
        }),
        fc.constantFrom(0, 2 ** 32 - 100, 3 * (2 ** 32 - 1) - 50),
        fc.array(step, { maxLength: 300 }),
        ({ idsMax, windowSeconds }, position, steps) => {
          const index = indexAt(position, { idsMax, windowSeconds });
          const model = new Model(idsMax, windowSeconds);
          let now = START;
          for (const { id, payload, forward } of steps) {
            now += forward;
            const answer = index.look(id, payload, now);
            expect(answer).toBe(model.look(id, payload, now));
            // As the log does: only what is new is stored, and remembered.
            if (answer === 'new') {
              index.add(id, payload, now);
              model.add(id, payload, now);
            }
            expect(index.size).toBe(model.size);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('knows what is lent, keeps it in order when it is durable, and forgets it when it is taken back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 }),
        fc.constantFrom(0, 2 ** 31 - 60, 2 ** 32 - 60),
        fc.array(
          fc.record({
            what: fc.constantFrom('lend', 'lend', 'lend', 'lend', 'keep', 'take back', 'some'),
            n: fc.nat(60),
          }),
          { maxLength: 500, size: 'max' },
        ),
        (idsMax, position, steps) => {
          const index = indexAt(position, { idsMax, windowSeconds: 1 });
          const durable: number[] = [];
          let lent: number[] = [];
          for (const { what, n } of steps) {
            if (what === 'keep') {
              const kept = lent.splice(0, n);
              index.keepLent(kept.length, START);
              durable.push(...kept);
            } else if (what === 'lend') {
              const known = lent.includes(n) || (idsMax > 0 && durable.slice(-idsMax).includes(n));
              const hashes = index.hash.digestTexts(`id ${n}`, `${n}`);
              expect(index.find(hashes, 0, START) !== NO_ENTRY).toBe(known);
              if (known) continue;
              index.lend(hashes, 0);
              lent.push(n);
            } else {
              const left = what === 'some' ? Math.min(n, lent.length) : 0;
              index.takeLentBack(left);
              lent = lent.slice(0, left);
            }
            const remembered = Math.min(idsMax, durable.length);
            expect([index.lentCount, index.size]).toEqual([lent.length, remembered]);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds every id while a larger table takes over, and while ids come and go meanwhile', () => {
    // The table of 1,024 slots begins to move at 717 ids, and needs 45 more for it.
    const IDS_MAX = 730;
    const index = new DedupeIndex({ idsMax: IDS_MAX, windowSeconds: 60 }, KEY);
    for (let n = 0; n < 800; n++) {
      index.add(`${n}`, `${n}`, START);
      index.lend(index.hash.digestTexts(`lent ${n}`, ''), 0);
      index.takeLentBack(0);
      if (n < 700) continue;
      const oldest = Math.max(0, n + 1 - IDS_MAX);
      const answers = Array.from({ length: n + 1 }, (_, id) => index.look(`${id}`, `${id}`, START));
      expect(answers.lastIndexOf('new')).toBe(oldest - 1);
      expect(new Set(answers.slice(oldest))).toEqual(new Set(['duplicate']));
      expect(index.look(`lent ${n}`, '', START)).toBe('new');
    }
  });

  it('keeps exactly the last ones while its ring and its table turn many times', () => {
    const IDS_MAX = 70_000;
    const index = new DedupeIndex({ idsMax: IDS_MAX, windowSeconds: 1_000 }, KEY);
    const total = 200_000;
    for (let n = 0; n < total; n++) index.add(`id ${n}`, `{"n":${n}}`, START);
    expect(index.size).toBe(IDS_MAX);
    // Three chunks of the ring at most, and the table: what left is not held.
    expect(bytesHeld(index)).toBeLessThanOrEqual(3 * 65_536 * 28 + 131_072 * 4);
    const answers = (from: number, to: number, payloadOf: (n: number) => number): Set<IdLookup> => {
      const seen = new Set<IdLookup>();
      for (let n = from; n < to; n++)
        seen.add(index.look(`id ${n}`, `{"n":${payloadOf(n)}}`, START));
      return seen;
    };
    const kept = total - IDS_MAX;
    expect(answers(kept, total, (n) => n)).toEqual(new Set(['duplicate']));
    expect(answers(kept, total, (n) => n + 1)).toEqual(new Set(['id-reused']));
    expect(answers(0, kept, (n) => n)).toEqual(new Set(['new']));
  });

  it('lets those that are too old go little by little', () => {
    const index = new DedupeIndex({ idsMax: 100_000, windowSeconds: 10 }, KEY);
    for (let n = 0; n < 70_000; n++) index.add(`${n}`, '{}', START);
    const later = START + 11;
    index.add('late', '{}', later);
    expect(index.size).toBe(69_999);
    expect(index.look('69999', '{}', later)).toBe('new');
    for (let n = 0; n < 70_000; n++) index.add(`late ${n}`, '{}', later);
    expect(index.size).toBe(70_001);
    expect(index.look('69999', '{}', START)).toBe('new');
    expect(index.look('late', '{}', later)).toBe('duplicate');
  });

  it('holds an id up to the last second of the window', () => {
    const index = new DedupeIndex({ idsMax: 10, windowSeconds: 60 }, KEY);
    index.add('a', '{}', START + 0.999);
    expect(index.look('a', '{}', START + 60.999)).toBe('duplicate');
    expect(index.look('a', '{}', START + 61)).toBe('new');
  });

  it('takes ids that are names of Object.prototype, empty, or alike at first sight', () => {
    const index = new DedupeIndex({ idsMax: 100, windowSeconds: 60 }, KEY);
    const ids = ['', '__proto__', 'hasOwnProperty', 'é', 'e\u0301', 'A', 'a', 'a ', 'a\0'];
    for (const [n, id] of ids.entries()) {
      expect(index.look(id, `${n}`, START)).toBe('new');
      index.add(id, `${n}`, START);
    }
    for (const [n, id] of ids.entries()) {
      expect(index.look(id, `${n}`, START)).toBe('duplicate');
    }
  });

  it('needs at most 40 bytes an id, at a million of them', () => {
    const IDS = 1_000_000;
    const index = new DedupeIndex({ idsMax: IDS, windowSeconds: 60 }, KEY);
    for (let n = 0; n < IDS; n++) index.add(`inv-${n}`, '{"value":1}', START);
    expect(index.size).toBe(IDS);
    expect(bytesHeld(index) / IDS).toBeLessThanOrEqual(40);
  });

  it('remembers for all of the window until there are too many for it, and tells for how long then', () => {
    const index = new DedupeIndex({ idsMax: 3, windowSeconds: 60 }, KEY);
    expect(index.effectiveWindow(START)).toBe(60);
    index.add('a', '1', START);
    index.add('b', '1', START + 10);
    expect(index.effectiveWindow(START + 20)).toBe(60);
    index.add('c', '1', START + 20);
    expect(index.effectiveWindow(START + 20)).toBe(20);
    index.add('d', '1', START + 25);
    expect(index.effectiveWindow(START + 25)).toBe(15);
    expect(index.look('a', '1', START + 25)).toBe('new');
    expect(index.effectiveWindow(START + 1_000)).toBe(60);
    expect(new DedupeIndex({ idsMax: 0, windowSeconds: 60 }, KEY).effectiveWindow(START)).toBe(0);
  });
});
