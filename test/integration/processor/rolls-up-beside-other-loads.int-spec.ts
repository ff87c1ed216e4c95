import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { StatementProxy } from '../../support/statement-proxy.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROUNDS = 30;

describe('hours become days while others load', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test('processors of two logs, each with late events of the same days, lose and double nothing', async () => {
    const now = Date.now();
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    const sides = await Promise.all(
      [0, 1].map(async (side) => {
        const clock = { now };
        const log = await harness.openLog(`data-${side}`, { now: () => clock.now });
        return { side, clock, log, dataSource: await harness.connect() };
      }),
    );
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        sides.map(async ({ side, clock, log, dataSource }) => {
          // The same hours in opposite order, old ones and the present one.
          const instants = [2, 3, 4, 5, 6].map((days) => today - days * DAY_MS + round * HOUR_MS);
          const mixed = [now, ...instants];
          for (const instant of side === 0 ? mixed : mixed.toReversed()) {
            clock.now = instant;
            await append(log, ['abc', 0.25], [`user-${round}`, 1, 'subtract_revenue']);
          }
          // A new one each time, so that each load makes days of hours.
          const options = { dataSource, dataDir: harness.dataDir(`data-${side}`) };
          await harness.processor(log, { ...options, historyHoursMax: 24 }).runOnce();
        }),
      );
    }
    const sums: unknown = await harness.dataSource.query(
      `select trim_scale(sum(revenue))::text as total,
              (select trim_scale(sum(revenue))::text from users_revenue) as balances
         from revenue_history`,
    );
    const total = String(-0.75 * 6 * 2 * ROUNDS);
    expect(sums).toEqual([{ total, balances: total }]);
    const old: unknown[] = await harness.dataSource.query(
      `select from revenue_history where bucket = 'hour' and start < $1`,
      [new Date(today - DAY_MS)],
    );
    expect(old).toEqual([]);
  });

  test('each statement of a load that makes days may fail, its commit be lost: the next load knows', async () => {
    const proxy = await StatementProxy.open(harness.database.url);
    try {
      const bench = new FaultBench(harness);
      const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
      let now = today;
      const log = await harness.openLog('data', { now: () => now });
      const dataSource = await harness.connect(proxy.url);
      const struck: string[] = [];
      for (let number = 1; ; number++) {
        for (const days of [4, 3, 0]) {
          now = today - days * DAY_MS + number * HOUR_MS;
          await append(log, ['abc', 0.25]);
        }
        const processor = harness.processor(log, { dataSource, historyHoursMax: 24 });
        proxy.watch(number, async (exchange) => {
          exchange.deliver();
          await exchange.answered;
          exchange.cut();
        });
        await endOf(processor.runOnce());
        await proxy.struckEnd;
        proxy.disarm();
        const text = proxy.struck?.text;
        await bench.expectAllLoaded(processor, log, { events: 3 * number });
        const hours: unknown[] = await harness.dataSource.query(
          `select from revenue_history where bucket = 'hour' and start < $1`,
          [new Date(today - DAY_MS)],
        );
        expect(hours).toEqual([]);
        if (text === undefined) break;
        struck.push(text);
      }
      for (const word of [/delete from revenue_history where bucket = 'hour'/, /^commit/i]) {
        expect(struck).toContainEqual(expect.stringMatching(word));
      }
    } finally {
      await proxy.close();
    }
  });
});
