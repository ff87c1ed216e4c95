import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { StatementProxy } from '../../support/statement-proxy.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { monitor, type Monitored } from './monitoring-bench.js';

let harness: LoadHarness;
let proxy: StatementProxy;
let its: Monitored;
beforeAll(async () => void (harness = await LoadHarness.create()));
beforeEach(async () => {
  await harness.reset();
  proxy = await StatementProxy.open(harness.database.url);
  const dataSource = await harness.connect(proxy.url);
  its = await monitor(harness, await harness.openLog(), { dataSource });
});
afterEach(() => proxy.close());
afterAll(() => harness.remove());

/** As `npm run load` does it, say. */
const loadElsewhere = (): Promise<unknown> => harness.processor(its.log).runOnce();
const lastLoad = async () => (await its.status.status()).lastLoad;

/** How often the history of loads is read for the status, asked so many times. */
async function readsOfHistory(times: number): Promise<number> {
  proxy.watch(/of nothing/, () => undefined);
  for (let time = 0; time < times; time += 1) await its.status.status();
  return proxy.asked.filter((sql) => sql.includes('from loads')).length;
}

test('the last load is that of another process, where that one came after the own', async () => {
  await append(its.log, ['abc', 1]);
  await its.loads.tick();
  const own = await lastLoad();
  expect(own).toMatchObject({ fromOffset: 0, events: 1 });
  await append(its.log, ['abc', 2], ['def', 3]);
  await loadElsewhere();
  const other = await its.status.status();
  expect(other.lastLoad).toMatchObject({ fromOffset: own?.toOffset, events: 2, users: 2 });
  expect(other.checkpoint).toMatchObject({ offset: other.lastLoad?.toOffset, events: 3 });
  await append(its.log, ['abc', 4]);
  await its.loads.tick();
  expect(await lastLoad()).toMatchObject({ fromOffset: other.lastLoad?.toOffset, events: 1 });
});

test('the history of loads is not read while nothing changes', async () => {
  expect(await readsOfHistory(3)).toBe(1); // whether there is one
  await append(its.log, ['abc', 1]);
  await its.loads.tick();
  expect(await readsOfHistory(3)).toBe(0);
  await append(its.log, ['abc', 2]);
  await loadElsewhere();
  expect(await readsOfHistory(3)).toBe(1);
});

test('a load that comes between two questions of the status makes it ask again', async () => {
  await append(its.log, ['abc', 1]);
  await its.loads.tick();
  await append(its.log, ['abc', 2]);
  await loadElsewhere();
  await append(its.log, ['abc', 3]);
  proxy.watch(/from loads/, async (exchange) => {
    await loadElsewhere();
    exchange.deliver();
    await exchange.answered;
    exchange.release();
  });
  const { checkpoint, lastLoad: last } = await its.status.status();
  await proxy.struckEnd;
  expect(proxy.struck).not.toBeNull();
  expect(last?.toOffset).toBe(its.log.endOffset());
  expect(checkpoint).toMatchObject({ offset: its.log.endOffset(), events: 3 });
});
