import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodeDeltas } from '../../../src/processor/fold/encode-deltas.js';
import { Fold } from '../../../src/processor/fold/fold-records.js';
import { sortUsers } from '../../../src/processor/fold/sort-users.js';
import { decodeDeltaPage } from '../../support/fold-bytes.js';
import { quickRandom } from '../../support/quick-random.js';
import { decimalOf } from '../../support/reference-fold.js';
import { testSeed } from '../../support/seeded-random.js';
import { LoadHarness } from './load-harness.js';

type Row = readonly [userId: string, delta: string];

/** A sum in its three parts, as a table of users holds it. */
interface Parts {
  readonly wholes: number;
  readonly micros: number;
  readonly large: bigint;
}

const MAX = 2 ** 52;
const EXTREMES: readonly Parts[] = [
  ...[0, 1, -1, 282, 9_999, 10_000, -10_000, 100_000_000, MAX, -MAX, MAX - 1],
  ...[99_999_999, 1_0000_0001, -12_345_678_901_234],
].flatMap((wholes) =>
  [0, 1, -1, 100, 999_999, -999_999, 500_000, -10, 1_000_000, -1_000_000, MAX, -MAX].flatMap(
    (micros) =>
      [0n, 10n ** 25n, -(10n ** 25n), BigInt(MAX), -BigInt(MAX), 1n, 10n ** 39n].map((large) => ({
        ...{ wholes, micros, large },
      })),
  ),
);

describe('PostgreSQL reads the binary arrays of a fold', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  const read = async (fold: Fold): Promise<Row[]> => {
    const { userIds, deltas } = encodeDeltas(fold.table, sortUsers(fold.table));
    const rows: { user_id: string; delta: string }[] = await harness.dataSource.query(
      `select user_id, delta::text from unnest($1::text[], $2::numeric[])
         with ordinality as d(user_id, delta, place) order by place`,
      [userIds, deltas],
    );
    return rows.map((row) => [row.user_id, row.delta]);
  };

  /** A fold of users with sums of these parts. Large ones take more events than a test has time for. */
  function foldOf(sums: readonly Parts[]): { readonly fold: Fold; readonly expected: Row[] } {
    const made = new Fold();
    const userIds = sums.map((_, index) => String(index).padStart(6, '0'));
    for (const userId of userIds) made.addEvent({ userId, name: 'add_revenue', value: 0 }, 0);
    const entries = made.table.entries();
    const large = new Map(sums.map((sum, index) => [entries[index]!, sum.large]));
    for (const [index, { wholes, micros }] of sums.entries()) {
      made.table.add(entries[index]!, wholes, 0);
      made.table.add(entries[index]!, 0, micros);
    }
    const fold = new Fold();
    fold.table.merge({ ...made.table.takeContents(), large });
    const expected = sums.map((sum, index): Row => {
      const micros = (BigInt(sum.wholes) + sum.large) * 1_000_000n + BigInt(sum.micros);
      return [userIds[index]!, decimalOf(micros)];
    });
    return { fold, expected };
  }

  test('as exactly the sums, without a digit too many', async () => {
    const { fold, expected } = foldOf(EXTREMES);
    expect(await read(fold)).toEqual(expected);
  });

  test('as exactly the sums, whatever they are', async () => {
    const seed = testSeed();
    const random = quickRandom(seed);
    const signed = (bound: number): number => Math.trunc((random() * 2 - 1) * bound);
    const sums = Array.from({ length: 20_000 }, () => ({
      wholes: signed(10 ** Math.floor(random() * 16)),
      micros: signed(10 ** Math.floor(random() * 16)),
      large: 0n,
    }));
    const { fold, expected } = foldOf(sums);
    expect({ seed, found: await read(fold) }).toEqual({ seed, found: expected });
  });

  test('of users in the order of collate "C", of any length and any characters', async () => {
    const seed = testSeed();
    const random = quickRandom(seed);
    const below = (bound: number): number => Math.floor(random() * bound);
    const characters = [
      'a',
      'b',
      '\u0001',
      '\u007f',
      '"',
      '\\',
      '{',
      'é',
      '\u07ff',
      '€',
      '\uffff',
      '😀',
    ];
    const fold = new Fold();
    for (let count = 0; count < 20_000; count++) {
      const length = 1 + below(below(10) === 0 ? 255 : 9);
      const userId = Array.from({ length }, () => characters[below(characters.length)]).join('');
      fold.addEvent({ userId, name: 'add_revenue', value: count }, 0);
    }
    const found = await read(fold);
    const page = encodeDeltas(fold.table, sortUsers(fold.table));
    expect(found).toEqual([...decodeDeltaPage(page)]);
    const ordered: { user_id: string }[] = await harness.dataSource.query(
      'select user_id from unnest($1::text[]) as d(user_id) order by user_id collate "C"',
      [found.map(([userId]) => userId)],
    );
    expect({ seed, found: found.map(([userId]) => userId) }).toEqual({
      ...{ seed, found: ordered.map((row) => row.user_id) },
    });
  });
});
