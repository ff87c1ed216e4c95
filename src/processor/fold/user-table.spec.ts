import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addBytes, deltasOf } from '../../../test/support/fold-bytes.js';
import { decimalOf } from '../../../test/support/reference-fold.js';
import { quickRandom } from '../../../test/support/quick-random.js';
import { testSeed } from '../../../test/support/seeded-random.js';
import type { RevenueEvent } from '../../shared/event/event.js';
import { Fold } from './fold-records.js';
import { hashOf } from './hash-key.js';
import type { UserTable } from './user-table.js';

/** Sums that pass 2^52 again and again: 4,503 events of the largest value do. */
const WHOLES_MAX = 999_999_999_999_999;

function entryOf(table: UserTable, userId: string): number {
  const key = Buffer.from(`${userId}\0\0\0\0`);
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return table.place(view, 0, key.length - 4, hashOf(view, 0, key.length - 4));
}

/** The parts of an amount, both of one sign. */
const part = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: WHOLES_MAX }), fc.constantFrom(0, 1, WHOLES_MAX)),
    fc.oneof(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom(0, 1, 999_999)),
    fc.constantFrom(1, -1),
  )
  .map(([wholes, micros, sign]) => [sign * wholes, sign * micros] as const);

/** Each one so many times, so that sums move far in one direction, and back. */
const runs = fc.array(fc.tuple(part, fc.integer({ min: 1, max: 12 })), {
  minLength: 1,
  maxLength: 40,
});

describe('the table of users', () => {
  test('sums as big integers do, beyond 2^52 in both directions and back', () => {
    fc.assert(
      fc.property(runs, (amounts) => {
        const fold = new Fold();
        const entry = entryOf(fold.table, 'u');
        let expected = 0n;
        for (const [[wholes, micros], times] of amounts) {
          for (let time = 0; time < times; time++) {
            fold.table.add(entry, wholes, micros);
            expected += BigInt(wholes) * 1_000_000n + BigInt(micros);
          }
        }
        expect(deltasOf(fold).get('u')).toBe(decimalOf(expected));
      }),
      { numRuns: 1_500 },
    );
  });

  test.each([1, -1])('carries millionths that pass 2^52 into whole units, with sign %i', (sign) => {
    const fold = new Fold();
    const entry = entryOf(fold.table, 'u');
    let expected = 0n;
    for (let time = 0; time < 20; time++) {
      fold.table.add(entry, 0, sign * (2 ** 50 + 999_999 * time));
      expected += BigInt(sign * (2 ** 50 + 999_999 * time));
    }
    expect(deltasOf(fold).get('u')).toBe(decimalOf(expected));
  });

  test('adds millions of fractions without a rest', () => {
    const fold = new Fold();
    const lines =
      '{"timestamp":1763800000000,"userId":"u","name":"add_revenue","value":0.999999}\n';
    const bytes = Buffer.from(lines.repeat(10_000));
    for (let time = 0; time < 300; time++) addBytes(fold, bytes);
    expect(deltasOf(fold).get('u')).toBe('2999997');
    fold.addEvent({ userId: 'u', name: 'subtract_revenue', value: 2_999_997.000001 }, 0);
    expect(deltasOf(fold).get('u')).toBe('-0.000001');
  });

  test('holds many users apart, in the order in which they came, however it grows', () => {
    const fold = new Fold();
    const userIds = Array.from({ length: 50_000 }, (_, at) => `${'k'.repeat(at % 40)}${at}`);
    for (const sign of [2, -1]) {
      for (const [at, userId] of userIds.entries()) {
        fold.table.add(entryOf(fold.table, userId), sign * at, 0);
      }
    }
    expect(fold.users).toBe(userIds.length);
    const table = fold.table;
    const found = Array.from(table.entries(), (entry) => {
      const key = Buffer.from(
        table.words.buffer,
        4 * table.keyPlace(entry),
        table.keyLength(entry),
      );
      return `${key.toString()}=${table.wholes(entry)}`;
    });
    expect(found).toEqual(userIds.map((userId, at) => `${userId}=${at}`));
  });

  test('is the same whether one fold has all events or several that are merged, in any order', () => {
    const seed = testSeed();
    const random = quickRandom(seed);
    const below = (bound: number): number => (random() * bound) | 0;
    for (let round = 0; round < 60; round++) {
      const folds = Array.from({ length: 1 + below(4) }, () => new Fold());
      const whole = new Fold();
      for (let count = below(3_000); count > 0; count--) {
        const event: RevenueEvent = {
          userId: `${'x'.repeat(below(9))}${below(300)}`,
          name: below(3) === 0 ? 'subtract_revenue' : 'add_revenue',
          value: below(2) === 0 ? WHOLES_MAX - below(9) : below(1_000_000) / 8,
        };
        whole.addEvent(event, 0);
        folds[below(folds.length)]!.addEvent(event, 0);
      }
      folds.sort(() => random() - 0.5);
      const [first, ...others] = folds;
      for (const other of others) first!.table.merge(other.table.takeContents());
      expect({ seed, deltas: deltasOf(first!) }).toEqual({ seed, deltas: deltasOf(whole) });
      expect(first!.users).toBe(whole.users);
      for (const other of others)
        expect([other.users, other.table.entries().length]).toEqual([0, 0]);
    }
  });

  test('is empty and of use once its contents are taken, of sums beyond 2^52, too', () => {
    const fold = new Fold();
    const add = (): void => {
      for (let time = 0; time < 10; time++) {
        fold.addEvent({ userId: 'large', name: 'add_revenue', value: WHOLES_MAX }, 0);
      }
      for (let at = 0; at < 5_000; at++) {
        fold.addEvent({ userId: `user-${at}`, name: 'add_revenue', value: at }, 0);
      }
    };
    add();
    const before = deltasOf(fold);
    const contents = fold.table.takeContents();
    expect(deltasOf(fold)).toEqual(new Map());
    add();
    expect(deltasOf(fold)).toEqual(before);
    fold.table.merge(structuredClone(contents, { transfer: [contents.arena] }));
    expect(deltasOf(fold).get('large')).toBe(String(20n * BigInt(WHOLES_MAX)));
    expect(deltasOf(fold).get('user-4999')).toBe('9998');
  });
});
