import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { append, LoadHarness, type TestEvent } from '../processor/load-harness.js';
import { runTool, startTool } from './run-tool.js';
import { ShareHarness } from './share-harness.js';

const USERS = 25_000;

let harness: LoadHarness;
beforeAll(async () => void (harness = await LoadHarness.create()));
afterAll(() => harness.remove());

test('a rebuild that is killed among the rows leaves the table as it was, and loads go on', async () => {
  const log = await harness.openLog();
  const events = Array.from({ length: USERS }, (_, n): TestEvent => [`user-${n}`, n]);
  for (let from = 0; from < USERS; from += 500)
    await append(log, ...events.slice(from, from + 500));
  const processor = harness.processor(log, { dataDir: harness.dataDir() });
  await processor.runOnce();
  const right = await harness.balances();
  await log.close();
  await harness.dataSource.query('update users_revenue set revenue = revenue + 1');
  await harness.dataSource.query(`delete from users_revenue where user_id = 'user-10'`);
  await harness.dataSource.query(`insert into users_revenue values ('ghost', 1, now())`);
  const wrong = await harness.balances();

  // The rebuild has changed all rows but those of the last part when it comes to this one.
  const holder = (await harness.connect()).createQueryRunner();
  await holder.startTransaction();
  await holder.query(`select from users_revenue where user_id = 'user-9999' for update`);
  const rebuild = ['rebuild', harness.dataDir(), harness.database.url] as const;
  const child = await startTool(...rebuild);
  await harness.untilBlocked(1);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await harness.balances()).toEqual(wrong);
  await holder.rollbackTransaction();
  await holder.release();

  const again = await harness.openLog();
  await append(again, ['late', 1]);
  await harness.processor(again, { dataDir: harness.dataDir() }).runOnce();
  expect(await harness.balances()).toEqual({ ...wrong, late: '1' });
  await again.close();
  expect(await runTool(...rebuild)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^rebuilt: 1 users inserted, 24999 updated, 1 deleted; /),
  });
  expect(await harness.balances()).toEqual({ ...right, late: '1' });
  expect(await runTool(...rebuild)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^exact already, nothing was changed: .* 25001 events /),
  });
  const reader = await harness.openLog();
  expect(await new ShareHarness(harness).verify(reader)).toMatchObject({ kind: 'exact' });
});
