import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Processor } from '../../../src/processor/processor.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { StatementProxy, type Strike } from '../../support/statement-proxy.js';
import { endOf } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';
import { BY_HOUR, knownFrom, sumRecords, userRows } from './user-history-bench.js';

/** Far more statements than any load has. */
const STATEMENTS_MAX = 60;

const STRIKES: Record<string, Strike> = {
  'before the server gets': (exchange) => exchange.cut(),
  'before the client hears of': async (exchange) => {
    exchange.deliver();
    await exchange.answered;
    exchange.cut();
  },
};

describe('revenue by user, where the connection is cut at any statement of a load', () => {
  let harness: LoadHarness;
  let proxy: StatementProxy;
  let log: LocalStagingLog;
  let processor: Processor;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    proxy = await StatementProxy.open(harness.database.url);
  });
  beforeEach(() => begin());
  afterAll(async () => {
    await proxy.close();
    await harness.remove();
  });

  async function begin(): Promise<void> {
    await harness.reset();
    log = await harness.openLog();
    const dataSource = await harness.connect(proxy.url);
    processor = harness.processor(log, { dataSource, bounds: BY_HOUR });
  }

  /** The history, and what it must agree with; in one statement. */
  async function state(): Promise<unknown> {
    const [row] = await harness.dataSource.query<unknown[]>(
      `select (select coalesce(sum(revenue), 0)::text from users_revenue) as balances,
              (select coalesce(sum(revenue), 0)::text from user_revenue_history) as by_user,
              (select coalesce(sum(revenue), 0)::text from revenue_history) as by_hour`,
    );
    return row;
  }

  async function strikeAtEach(strike: Strike, prepare: () => Promise<void>): Promise<string[]> {
    const struck: string[] = [];
    for (let number = 1; number < STATEMENTS_MAX; number++) {
      await prepare();
      await append(log, ['abc', 57.25], [`new-${number}`, 3, 'subtract_revenue']);
      proxy.watch(number, strike);
      const end = await endOf(processor.runOnce());
      await proxy.struckEnd;
      proxy.disarm();
      if (proxy.struck === null) {
        expect(end).toBe('caught-up');
        return struck;
      }
      struck.push(proxy.struck.text);
      const {
        balances,
        by_user: byUser,
        by_hour: byHour,
      } = (await state()) as Record<string, string>;
      expect({ at: number, byUser, byHour }).toEqual({
        ...{ at: number, byUser: balances, byHour: balances },
      });
      expect(await endOf(processor.runOnce())).toBe('caught-up');
      expect(await userRows(harness)).toEqual(await sumRecords(harness));
      expect(await knownFrom(harness)).toEqual(['always']);
    }
    throw new Error('a load without an end');
  }

  test.each([
    ['before the server gets', 'the first load of a log', true],
    ['before the client hears of', 'a later one', false],
  ])('%s it, in %s, is that of the records after all', async (name, _which, isFirst) => {
    const struck = await strikeAtEach(STRIKES[name]!, isFirst ? begin : () => Promise.resolve());
    for (const word of [
      /users_revenue/,
      /user_revenue_history/,
      /user_history_state/,
      /^commit/i,
    ]) {
      expect(struck).toContainEqual(expect.stringMatching(word));
    }
  });
});
