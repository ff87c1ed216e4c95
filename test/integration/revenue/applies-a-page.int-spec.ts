import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { applyDeltaPage } from '../../../src/revenue/apply-deltas.js';
import type { AppliedDeltas, UserDelta } from '../../../src/revenue/user-delta.js';
import { toDeltaPage } from '../../support/delta-page.js';
import { LoadHarness } from '../processor/load-harness.js';

describe('a page of deltas', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const apply = (...deltas: UserDelta[]): Promise<AppliedDeltas> =>
    harness.dataSource.transaction((manager) => applyDeltaPage(manager, toDeltaPage(deltas)));

  test('is added, and counted by who is new', async () => {
    const [abc, xyz] = [
      { userId: 'abc', delta: '1.5' },
      { userId: 'xyz', delta: '-3' },
    ];
    expect(await apply(abc, xyz)).toEqual({ inserted: 2, updated: 0 });
    expect(await apply(xyz, { userId: 'new', delta: '0' })).toEqual({ inserted: 1, updated: 1 });
    expect(await apply(abc)).toEqual({ inserted: 0, updated: 1 });
    expect(await harness.balances()).toEqual({ abc: '3', new: '0', xyz: '-6' });
  });

  test.each([
    '0',
    '-0.000001',
    '0.0001',
    '0.00010001',
    '9999',
    '10000',
    '-10000.5',
    '100000000',
    '1e'.replace('e', '0'.repeat(308)),
    '-123456789012345678901234567890.123456',
    '1.50',
  ])('carries %s exactly, twice', async (delta) => {
    await apply({ userId: 'abc', delta });
    await apply({ userId: 'abc', delta });
    const rows = await harness.dataSource.query(
      'select revenue = 2 * $1::numeric and scale(revenue) = scale($1::numeric) as same from users_revenue',
      [delta],
    );
    expect(rows).toEqual([{ same: true }]);
  });

  test('carries any user', async () => {
    const users = [
      '',
      ' ',
      '__proto__',
      "o'brien",
      '{a,"b"}',
      'NULL',
      'é',
      '👩‍🚀',
      '\uffff',
      'x'.repeat(2_000),
    ];
    const deltas = users.map((userId, index) => ({ userId, delta: String(index) }));
    await apply(...deltas);
    const expected = Object.fromEntries(deltas.map(({ userId, delta }) => [userId, delta]));
    expect(await harness.balances()).toEqual(expected);
  });

  test('dates what it changes, and nothing else', async () => {
    await apply({ userId: 'abc', delta: '1' }, { userId: 'xyz', delta: '1' });
    await harness.dataSource.query(`update users_revenue set updated_at = '2000-01-01Z'`);
    await apply({ userId: 'abc', delta: '1' });
    const rows = await harness.dataSource.query(
      `select user_id, updated_at > now() - interval '1 minute' as recent from users_revenue order by 1`,
    );
    expect(rows).toEqual([
      { user_id: 'abc', recent: true },
      { user_id: 'xyz', recent: false },
    ]);
  });

  test('is refused as a whole when a user comes twice, new or not', async () => {
    await apply({ userId: 'abc', delta: '1' });
    for (const userId of ['abc', 'new']) {
      const twice = [
        { userId, delta: '1' },
        { userId, delta: '2' },
        { userId: 'other', delta: '4' },
      ];
      await expect(apply(...twice)).rejects.toMatchObject({ driverError: { code: '21000' } });
    }
    expect(await harness.balances()).toEqual({ abc: '1' });
  });

  test('is refused as a whole when its arrays differ in length', async () => {
    const [one, two] = [
      toDeltaPage([{ userId: 'abc', delta: '1' }]),
      toDeltaPage([
        { userId: 'abc', delta: '1' },
        { userId: 'xyz', delta: '1' },
      ]),
    ];
    for (const page of [
      { ...two, userIds: one.userIds },
      { ...two, deltas: one.deltas },
    ]) {
      const applied = harness.dataSource.transaction((manager) => applyDeltaPage(manager, page));
      await expect(applied).rejects.toMatchObject({ driverError: { code: '23502' } });
    }
    expect(await harness.balances()).toEqual({});
  });
});
