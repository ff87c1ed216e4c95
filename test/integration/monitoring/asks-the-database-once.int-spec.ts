import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DatabaseProbe } from '../../../src/monitoring/database-probe.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import { StatementProxy } from '../../support/statement-proxy.js';
import type { Exchange } from '../../support/wire-exchange.js';
import { LoadHarness } from '../processor/load-harness.js';

const READY = { kind: 'ready' };
const SILENT = { kind: 'away', reason: 'no answer within 1 s' };
const QUESTION = /^select 1$/;

let harness: LoadHarness;
let proxy: StatementProxy;
let probe: DatabaseProbe;
beforeAll(async () => void (harness = await LoadHarness.create()));
beforeEach(async () => {
  await harness.reset();
  proxy = await StatementProxy.open(harness.database.url);
  const config = Object.assign(new AppConfig(), { migrationsRun: false });
  const database = new Database(await harness.connect(proxy.url), config, new Drain());
  await database.start(60_000);
  probe = new DatabaseProbe(database);
  proxy.watch(/of nothing/, () => undefined);
});
afterEach(() => proxy.close());
afterAll(() => harness.remove());

const questions = (): number => proxy.asked.filter((sql) => QUESTION.test(sql)).length;
const answer = async (exchange: Exchange): Promise<void> => {
  exchange.deliver();
  await exchange.answered;
  exchange.release();
};

test('an answer that is young enough is told again, and else there is a new question', async () => {
  for (const ageMsMax of [0, 600_000, 600_000]) expect(await probe.look(ageMsMax)).toEqual(READY);
  expect(questions()).toBe(1);
  expect(await probe.look(0)).toEqual(READY);
  expect(questions()).toBe(2);
});

test('a database that says nothing is away, and asked no second time before it answers', async () => {
  expect(await probe.look(0)).toEqual(READY);
  let held: Exchange | null = null;
  proxy.watch(QUESTION, (exchange) => void (held = exchange));
  const looks = Array.from({ length: 10 }, () => probe.look(0));
  expect(new Set(await Promise.all(looks))).toEqual(new Set([SILENT]));
  for (let look = 0; look < 10; look += 1) expect(await probe.look(0)).toEqual(SILENT);
  // One that would be content with the answer of before is told the same: that one is of no use any more.
  expect(await probe.look(600_000)).toEqual(SILENT);
  expect(questions()).toBe(1);
  await answer(held!);
  const back = async (): Promise<string> => (await probe.look(600_000)).kind;
  for (let kind = await back(); kind !== 'ready'; kind = await back()) await turn();
  expect(questions()).toBe(1);
});

test('a connection that is cut is away with its reason, and asked again by the next look', async () => {
  proxy.watch(QUESTION, (exchange) => {
    exchange.cut();
  });
  const found = await probe.look(0);
  expect(found).toMatchObject({ kind: 'away', reason: expect.stringMatching(/terminated|reset/) });
  expect(await probe.look(600_000)).toEqual(found);
  expect(await probe.look(0)).toEqual(READY);
});

test('a pause of the process is no silence of the database', async () => {
  proxy.watch(QUESTION, async (exchange) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    await answer(exchange);
  });
  expect(await probe.look(0)).toEqual(READY);
  expect(proxy.struck).not.toBeNull();
});
