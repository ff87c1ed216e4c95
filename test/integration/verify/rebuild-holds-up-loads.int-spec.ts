import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { reloadRange } from '../../../src/processor/processor.port.js';
import {
  START_OF_LOG,
  toOffset,
  type StagingLog,
} from '../../../src/staging-log/staging-log.port.js';
import { DamagedReader } from '../processor/damaged-reader.js';
import { HookedReader } from '../processor/hooked-reader.js';
import { append, LoadHarness, recordLine } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

describe('rebuild and loads at the same time', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  let own: StagingLog;
  let other: StagingLog;
  let share: string;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
    own = await harness.openLog();
    other = await harness.openLog('other');
    await append(own, ['abc', 1], ['own', 5]);
    await append(other, ['abc', 2], ['other', 7]);
    for (const log of [own, other]) await harness.processor(log).runOnce();
    share = join(harness.directory, 'other.share');
    await writeShare();
    await query('update users_revenue set revenue = revenue + 1000');
  });
  afterAll(() => harness.remove());

  const query = (sql: string): Promise<unknown> => harness.dataSource.query(sql);
  const writeShare = async (): Promise<void> =>
    writeFile(share, (await shares.compute(other)).written);
  /** As another process loads. */
  const load = async (log: StagingLog) =>
    harness.processor(log, { dataSource: await harness.connect() }).runOnce();

  async function expectExact(balances: Record<string, string>): Promise<void> {
    expect(await harness.balances()).toEqual(balances);
    await writeShare();
    expect(await shares.verify(own, { shareFiles: [share] })).toMatchObject({ kind: 'exact' });
  }

  test('loads of all logs wait for the rebuild, then load exactly', async () => {
    const loads: Promise<unknown>[] = [];
    // Right before the log is read, which is when the other rows are still to be changed.
    const beforeRead = async (): Promise<void> => {
      if (loads.length > 0) return;
      await append(own, ['abc', 10], ['new', 1]);
      await append(other, ['abc', 20], ['new', 2]);
      loads.push(load(own), load(other));
      await harness.untilBlocked(2);
      expect(await harness.balances()).toEqual({ abc: '1003', other: '1007', own: '1005' });
    };
    const rebuilding = shares.rebuild(new HookedReader(own, { beforeRead }), {
      shareFiles: [share],
    });
    expect(await rebuilding).toMatchObject({ kind: 'rebuilt', updated: 3, users: 3 });
    expect(await Promise.all(loads)).toEqual([{ kind: 'caught-up' }, { kind: 'caught-up' }]);
    await expectExact({ abc: '33', new: '3', other: '7', own: '5' });
  });

  test('a load under way is waited for, and what it added is kept', async () => {
    await append(own, ['abc', 10], ['new', 1]);
    const holder = (await harness.connect()).createQueryRunner();
    await holder.startTransaction();
    await holder.query(`select from users_revenue where user_id = 'abc' for update`);
    const loading = load(own);
    await harness.untilBlocked(1);
    const rebuilding = shares.rebuild(own, { shareFiles: [share] });
    await harness.untilBlocked(2);
    await holder.rollbackTransaction();
    await holder.release();
    expect(await loading).toEqual({ kind: 'caught-up' });
    expect(await rebuilding).toMatchObject({
      ...{ kind: 'rebuilt', offset: own.endOffset(), users: 4, updated: 3, inserted: 0 },
      events: { inLog: 6, inTable: 6 },
    });
    await expectExact({ abc: '13', new: '1', other: '7', own: '5' });
  });

  test('a load that is under way for long ends the wait, and nothing is changed', async () => {
    await append(own, ['abc', 10]);
    const holder = (await harness.connect()).createQueryRunner();
    await holder.startTransaction();
    await holder.query(`select from users_revenue where user_id = 'abc' for update`);
    const loading = load(own);
    await harness.untilBlocked(1);
    const rebuilding = shares.rebuild(own, { shareFiles: [share], lockWaitMs: 50 });
    await expect(rebuilding).rejects.toMatchObject({ code: 'LOADS_BUSY' });
    await holder.rollbackTransaction();
    await holder.release();
    expect(await loading).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '1013', other: '1007', own: '1005' });
  });

  test('a reload waits, too, instead of deadlocking', async () => {
    const line = recordLine('abc', 1);
    const damaged = new DamagedReader(await harness.openLogWith(line.repeat(4), 'damaged'));
    damaged.damage = [{ from: line.length, to: 3 * line.length }];
    await harness.processor(damaged).runOnce();
    const second = join(harness.directory, 'damaged.share');
    await writeFile(second, (await shares.compute(damaged)).written);
    damaged.damage = [];
    const reloads: Promise<unknown>[] = [];
    const beforeRead = async (): Promise<void> => {
      if (reloads.length > 0) return;
      const all = { from: START_OF_LOG, to: toOffset(4 * line.length) };
      const dataSource = await harness.connect();
      reloads.push(reloadRange({ dataSource, log: damaged, dataDir: harness.directory, ...all }));
      await harness.untilBlocked(1);
    };
    const rebuilding = shares.rebuild(new HookedReader(own, { beforeRead }), {
      shareFiles: [share, second],
    });
    expect(await rebuilding).toMatchObject({ kind: 'rebuilt', updated: 3 });
    expect(await Promise.all(reloads)).toMatchObject([{ kind: 'reloaded', events: 2 }]);
    expect(await harness.balances()).toEqual({ abc: '7', other: '7', own: '5' });
  });

  test('again and again, beside processors of two logs: each rebuild is right, none is lost', async () => {
    await query('delete from load_checkpoint where events = 2');
    await query('truncate users_revenue');
    let done = false;
    const work = [own, other].map(async (log, index) => {
      const dataSource = await harness.connect();
      for (let i = 0; !done; i++) {
        await append(log, ['abc', 0.1], [`user-${index}-${i % 50}`, i]);
        await harness.processor(log, { dataSource }).runOnce();
      }
    });
    const kinds = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await query(`update users_revenue set revenue = revenue + 1 where user_id like '%7'`);
      const given = [
        { log: own, others: other },
        { log: other, others: own },
      ][i % 2]!;
      await writeFile(share, (await shares.compute(given.others)).written);
      const { kind } = await shares.rebuild(given.log, { shareFiles: [share] });
      kinds.add(kind); // refused where the other log was loaded on since
    }
    done = true;
    await Promise.all(work);
    await writeShare();
    await shares.rebuild(own, { shareFiles: [share] });
    expect([...kinds].filter((kind) => !['rebuilt', 'exact', 'refused'].includes(kind))).toEqual(
      [],
    );
    expect(await shares.verify(own, { shareFiles: [share] })).toMatchObject({ kind: 'exact' });
  });
});
