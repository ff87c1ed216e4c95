import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { append, LoadHarness } from './load-harness.js';

const SEED = randomInt(2 ** 31);

/** Random numbers from a seed that the title of the test prints. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const line = (userId: string, name: string, value: string): string =>
  `{"timestamp":1763800000000,"userId":"${userId}","name":"${name}","value":${value}}\n`;

describe('a load sums exactly', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test('0.1 and 0.2 make 0.3', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 0.1], ['abc', 0.2]);
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '0.3' });
  });

  test('beyond the range of INTEGER and BIGINT, in one load and over several', async () => {
    const times = 20_000;
    const log = await harness.openLogWith(
      line('rich', 'add_revenue', '999999999999999').repeat(times) +
        line('poor', 'subtract_revenue', '999999999999999').repeat(times) +
        line('integer', 'add_revenue', '3000000000'),
    );
    await harness.processor(log).runOnce();
    const sum = 999_999_999_999_999n * BigInt(times);
    expect(sum > 2n ** 64n).toBe(true);
    const once = { integer: '3000000000', poor: `-${sum}`, rich: String(sum) };
    expect(await harness.balances()).toEqual(once);
    await append(log, ['rich', 999_999_999_999_999], ['rich', 0.000001]);
    await harness.processor(log).runOnce();
    const rich = `${sum + 999_999_999_999_999n}.000001`;
    expect(await harness.balances()).toEqual({ ...once, rich });
  });

  test(`random amounts of up to 6 decimals equal an independent sum, seed ${SEED}`, async () => {
    const random = randomFrom(SEED);
    const sums = new Map<string, bigint>();
    let text = '';
    for (let i = 0; i < 20_000; i++) {
      const userId = `user-${random(50)}`;
      const decimals = random(7);
      const whole = String(random(10 ** (1 + random(9))));
      const fraction = Array.from({ length: decimals }, () => String(random(10))).join('');
      const subtract = random(2) === 1;
      const value = fraction === '' ? whole : `${whole}.${fraction}`;
      text += line(userId, subtract ? 'subtract_revenue' : 'add_revenue', value);
      const micros = BigInt(whole + fraction.padEnd(6, '0'));
      sums.set(userId, (sums.get(userId) ?? 0n) + (subtract ? -micros : micros));
    }
    const log = await harness.openLogWith(text);
    await harness.processor(log, { bounds: { usersMax: 1, readMsMax: 60_000 } }).runOnce();
    expect(harness.reports.length).toBeGreaterThan(3);
    const rows: { user_id: string; micros: string }[] = await harness.dataSource.query(
      'select user_id, (revenue * 1000000)::numeric(40, 0) as micros from users_revenue',
    );
    expect(new Map(rows.map((row) => [row.user_id, BigInt(row.micros)]))).toEqual(sums);
    expect(await harness.deadLetters()).toEqual([]);
  });
});
