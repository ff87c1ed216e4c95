import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FoldPool } from '../../../src/processor/processor.port.js';
import { encodeEventPayload } from '../../../src/shared/event/event-codec.js';
import type { EventName } from '../../../src/shared/event/event.js';
import { seededRandom, testSeed } from '../../support/seeded-random.js';
import { endOf, FaultBench } from './fault-bench.js';
import { LoadHarness } from './load-harness.js';

const AMOUNTS = 1_000_000;
const PER_APPEND = 10_000;
/** A sum goes on from what the table has, and the next load takes the other way to fold. */
const PER_LOAD = 200_000;
const WORKER = join(import.meta.dirname, '../../../dist/src/processor/workers/fold-worker.js');
const USERS = ['abc', 'Ünïcödé 👩‍🚀', '__proto__', "o'brien", 'a"b\\c', 'x'.repeat(255), '0'];
const DIGITS_MAX = 15;
const DECIMALS_MAX = 6;

/** The real one, which counts. */
class CountingPool extends FoldPool {
  uses = 0;

  override use<T>(work: Parameters<typeof FoldPool.prototype.use<T>>[0]): Promise<T> {
    this.uses += 1;
    return super.use(work);
  }
}

const pool = new CountingPool(pathToFileURL(WORKER));
let harness: LoadHarness;
beforeAll(async () => void (harness = await LoadHarness.create()));
afterAll(async () => {
  await pool.close();
  await harness.remove();
});

/** A decimal as a person writes it: up to 15 digits that count, up to 6 of them behind the point. */
function randomDecimal(random: () => number): string {
  const below = (bound: number): number => Math.floor(random() * bound);
  const decimals = below(DECIMALS_MAX + 1);
  const wholeDigits = 1 + below(DIGITS_MAX - decimals);
  const whole = String(below(10 ** wholeDigits));
  const fraction = String(below(10 ** decimals)).padStart(decimals, '0');
  return decimals === 0 ? whole : `${whole}.${fraction}`;
}

const millionths = (decimal: string): bigint => {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(DECIMALS_MAX, '0'));
};

test('a million random amounts make the sums that whole numbers of millionths make', async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const random = seededRandom(seed);
  const log = await harness.openLog();
  const processors = [harness.processor(log, { pool }), harness.processor(log, { pool: null })];
  const sums = new Map(USERS.map((userId) => [userId, 0n]));
  for (let done = 0; done < AMOUNTS; done += PER_APPEND) {
    const records = Array.from({ length: PER_APPEND }, () => {
      const userId = USERS[Math.floor(random() * USERS.length)]!;
      const name: EventName = random() < 0.5 ? 'add_revenue' : 'subtract_revenue';
      const decimal = randomDecimal(random);
      const change = name === 'add_revenue' ? millionths(decimal) : -millionths(decimal);
      sums.set(userId, sums.get(userId)! + change);
      return { payload: encodeEventPayload({ userId, name, value: Number(decimal) }) };
    });
    expect((await log.append(records)).kind).toBe('durable');
    if ((done + PER_APPEND) % PER_LOAD > 0) continue;
    const processor = processors[Math.floor(done / PER_LOAD) % processors.length]!;
    expect(await endOf(processor.runOnce())).toBe('caught-up');
  }
  expect(pool.uses).toBeGreaterThan(0);
  const rows: { user_id: string; millionths: string }[] = await harness.dataSource.query(
    `select user_id, trim_scale(revenue * 1000000)::text as millionths from users_revenue`,
  );
  const found = new Map(rows.map((row) => [row.user_id, BigInt(row.millionths)]));
  expect(new Map([...found].sort())).toEqual(new Map([...sums].sort()));
  await new FaultBench(harness).expectExact(log, AMOUNTS);
});
