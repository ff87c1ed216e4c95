import { describe, expect, test } from '@jest/globals';
import { decodeDeltaPage, decodeUserHours } from '../../../test/support/fold-bytes.js';
import { encodePage } from './encode-page.js';
import { Fold } from './fold-records.js';
import { sortUsers } from './sort-users.js';

const HOUR_MS = 3_600_000;
const LAST_HOUR = Math.floor(Number.MAX_SAFE_INTEGER / HOUR_MS);
/** One begins another, and words of four bytes end within, before and behind them. */
const USERS = ['a', 'a!', 'ab', 'abc', 'abcd', 'abcde', 'abcdefgh', 'b', 'é', '€', '😀'];

function foldOf(events: readonly (readonly [userId: string, hour: number, value: number])[]): Fold {
  const fold = new Fold(true);
  for (const [userId, hour, value] of events) {
    fold.addEvent({ userId, name: 'add_revenue', value }, hour * HOUR_MS);
  }
  return fold;
}

function pages(fold: Fold, usersMax: number): NonNullable<ReturnType<typeof encodePage>>[] {
  const order = sortUsers(fold.table);
  const found: NonNullable<ReturnType<typeof encodePage>>[] = [];
  for (let next = 0; next < order.length; next = found.at(-1)!.next) {
    found.push(encodePage(fold, order, { from: next, usersMax })!);
  }
  return found;
}

describe('pages of users and hours', () => {
  const hours = [0, 1, 15, 16, 255, 491_111, LAST_HOUR];
  const events = USERS.flatMap((userId) => hours.map((hour) => [userId, hour, hour + 1] as const));

  test('are in the order of the bytes of users, then of hours', () => {
    const [only, ...others] = pages(foldOf(events.toReversed()), Infinity);
    expect(others).toEqual([]);
    expect(Array.from(decodeUserHours(only!.page))).toEqual(
      events.map(([userId, hour]) => [`${userId} ${hour}`, String(hour + 1)]),
    );
    const sum = String(hours.reduce((total, hour) => total + hour + 1, 0));
    expect(Array.from(decodeDeltaPage(only!.page))).toEqual(USERS.map((userId) => [userId, sum]));
  });

  test('end behind the last hour of a user', () => {
    const found = pages(foldOf(events), 10);
    expect(found.map(({ next }) => next % hours.length)).toEqual(found.map(() => 0));
    expect(found.length).toBeGreaterThan(3);
    const users = found.flatMap(({ page }) => Array.from(decodeDeltaPage(page).keys()));
    expect(users).toEqual(USERS);
  });

  test('have one array for both where each user has one hour', () => {
    const [{ page } = { page: null }] = pages(foldOf(USERS.map((userId) => [userId, 7, 1])), 100);
    expect(page?.userHours?.userIds).toBe(page?.userIds);
    expect(page?.userHours?.deltas).toBe(page?.deltas);
    expect(page?.users).toBe(USERS.length);
  });

  test('add up hours exactly, beyond what a number holds', () => {
    const large = 999_999_999_999_999;
    const many = Array.from({ length: 40 }, (_, hour) => hour);
    const fold = foldOf([
      ...many.map((hour) => ['sum', hour, large] as const),
      ...many.map((hour) => ['sum', hour, 0.999999] as const),
      ...many.flatMap((hour) => Array.from({ length: 9 }, () => ['big', hour, large] as const)),
    ]);
    const sums = decodeDeltaPage(pages(fold, 100)[0]!.page);
    const exact = 40n * BigInt(large) * 1_000_000n + 40n * 999_999n;
    const text = `${exact / 1_000_000n}.${String(exact % 1_000_000n).padStart(6, '0')}`;
    expect(sums.get('sum')).toBe(text.replace(/0+$/, ''));
    expect(sums.get('big')).toBe(String(360n * BigInt(large)));
  });
});
