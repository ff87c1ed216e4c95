import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Processor } from '../../../src/processor/processor.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { StatementProxy, type Strike } from '../../support/statement-proxy.js';
import type { Exchange } from '../../support/wire-exchange.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

/** Far more statements than any load has: a loop that never ends is a fault, too. */
const STATEMENTS_MAX = 60;

describe('a load that fails at any statement changes nothing, or all, and the next one does the rest', () => {
  let harness: LoadHarness;
  let bench: FaultBench;
  let proxy: StatementProxy;
  let log: LocalStagingLog;
  let processor: Processor;
  let counts: { events: number; deadLetters: number };
  beforeAll(async () => {
    harness = await LoadHarness.create();
    bench = new FaultBench(harness);
    proxy = await StatementProxy.open(harness.database.url);
    await bench.makeWritesWait();
  });
  beforeEach(() => begin());
  afterAll(async () => {
    await proxy.close();
    await harness.remove();
  });

  async function begin(): Promise<void> {
    await harness.reset();
    counts = { events: 0, deadLetters: 0 };
    log = await harness.openLog();
    processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
  }

  /** One batch: a user who is there, one who is new, one who comes to zero, and a record that is no event. */
  async function stage(number: number): Promise<void> {
    await log.append([{ payload: '{"name":"poison"}' }]);
    await append(log, ['abc', 57.25], [`new-${number}`, 3, 'subtract_revenue']);
    await append(log, ['zero', number], ['zero', number, 'subtract_revenue']);
    counts = { events: counts.events + 4, deadLetters: counts.deadLetters + 1 };
  }

  /** Where nothing is there to be killed yet, the connection is cut instead. */
  async function kill(exchange: Exchange): Promise<void> {
    if (exchange.pid === null) exchange.cut();
    else await bench.kill(exchange.pid);
  }

  const STRIKES: Record<string, Strike> = {
    'the backend is killed before it gets': async (exchange) => {
      await kill(exchange);
      exchange.deliver();
      exchange.release();
    },
    'the backend is killed while it works on': (exchange) =>
      bench.withGateShut(async () => {
        exchange.deliver();
        await bench.untilWaiting(exchange);
        await kill(exchange);
        if (exchange.isComplete) exchange.cut();
        else exchange.release();
      }),
    'the backend is killed when it has answered': async (exchange) => {
      exchange.deliver();
      await exchange.answered;
      await kill(exchange);
      exchange.cut();
    },
    'the network is cut before the server gets': (exchange) => exchange.cut(),
    'the network is cut before the client hears of': async (exchange) => {
      exchange.deliver();
      await exchange.answered;
      exchange.cut();
    },
  };

  /** Strikes at the nth statement of a run. Answers with its SQL, or null when the run has fewer. */
  async function strikeAt(number: number, strike: Strike): Promise<string | null> {
    const before = counts;
    await stage(number);
    proxy.watch(number, strike);
    const end = await endOf(processor.runOnce());
    await proxy.struckEnd;
    proxy.disarm();
    const { struck, commits } = proxy;
    if (struck === null) expect(end).toBe('caught-up');
    else expect(end).toMatch(/^57P01$|^failed: /);
    // All or nothing, and the server's own word for a commit decides which.
    const { events, deadLetters } = commits === 0 ? before : counts;
    await bench.expectExact(log, events, deadLetters);
    // The same process goes on, with the same pool.
    if (struck !== null) await bench.expectAllLoaded(processor, log, counts);
    return struck?.text ?? null;
  }

  async function strikeAtEach(strike: Strike, prepare: () => Promise<void>): Promise<void> {
    const struck: string[] = [];
    for (let number = 1; number < STATEMENTS_MAX; number++) {
      await prepare();
      const text = await strikeAt(number, strike);
      if (text === null) break;
      struck.push(text);
    }
    // In the end a run went untouched, and all that it asked had been struck.
    expect(struck).toEqual(proxy.asked);
    for (const word of [/^(begin|start)/i, /load_checkpoint/, /users_revenue/, /^commit/i]) {
      expect(struck).toContainEqual(expect.stringMatching(word));
    }
  }

  test.each(Object.keys(STRIKES))('%s it, whichever it is', async (name) => {
    await stage(0);
    await bench.expectAllLoaded(processor, log, counts);
    await strikeAtEach(STRIKES[name]!, () => Promise.resolve());
  });

  test.each(Object.keys(STRIKES).slice(1, 2))('%s it, in the first load of a log', async (name) => {
    await strikeAtEach(STRIKES[name]!, begin);
  });

  /** What the database refuses by itself, in the middle of the transaction and at its end. */
  test.each([
    { what: 'a row of the checkpoint', table: 'load_checkpoint' },
    { what: 'a row of the balances', table: 'users_revenue', when: `when (new.user_id = 'zero')` },
    { what: 'a row of the dead letters', table: 'dead_letters' },
    { what: 'the commit', table: 'users_revenue', late: 'deferrable initially deferred' },
  ])('$what is refused', async ({ table, when = '', late = '' }) => {
    await stage(0);
    await bench.expectAllLoaded(processor, log, counts);
    const before = counts;
    await stage(1);
    await harness.dataSource.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused by the test'; end $$`);
    await harness.dataSource.query(`create ${late && 'constraint'} trigger refuse
      after insert or update on ${table} ${late} for each row ${when} execute function refuse()`);
    expect(await endOf(processor.runOnce())).toBe('P0001');
    await bench.expectExact(log, before.events, before.deadLetters);
    await harness.dataSource.query('drop function refuse cascade');
    await bench.expectAllLoaded(processor, log, counts);
  });
});
