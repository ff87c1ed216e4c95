import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { append, LoadHarness, type TestEvent } from './load-harness.js';

const USERS = [
  ...['__proto__', 'toString', 'hasOwnProperty', 'constructor', 'valueOf'],
  ...["o'brien", "'; drop table users_revenue; --", '$1', '%s', '\\', '"', '{}', '{a,b}', ','],
  ...['NULL', 'null', 'undefined', 'true', '0', '-0', '1e3'],
  ...[' ', 'a ', ' a', 'a', 'A', '\t', '\r', '\u0001', '..', '/'],
  ...['über', 'u\u0308ber', 'Ａ', '用户', '👩‍👩‍👧', '\u{10FFFF}', '\uFFFD', '\uFEFF', '\u2028'],
  ...['x'.repeat(255), '😀'.repeat(255), `${'x'.repeat(254)}y`],
];

describe('a load takes any user that an event can have', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  test('as it is: none is lost, merged, or read as syntax', async () => {
    const log = await harness.openLog();
    const events = USERS.map((userId, index): TestEvent => [userId, index + 1]);
    await append(log, ...events);
    await harness.processor(log).runOnce();
    await append(log, ...events.toReversed());
    await harness.processor(log).runOnce();
    const rows: { user_id: string; revenue: string }[] = await harness.dataSource.query(
      'select user_id, revenue from users_revenue',
    );
    const found = new Map(rows.map((row) => [row.user_id, row.revenue]));
    expect(found).toEqual(new Map(events.map(([userId, value]) => [userId, String(2 * value)])));
  });
});
