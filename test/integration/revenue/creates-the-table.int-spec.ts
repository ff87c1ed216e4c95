import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CreateTableService } from '../../../src/revenue/create-table.service.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { Database } from '../../../src/shared/database/database.js';
import { forgetDropped, tableStands } from '../../../src/shared/database/forget-dropped-tables.js';
import { Drain } from '../../../src/shared/drain.js';
import { encodeEventPayload } from '../../../src/shared/event/event-codec.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances } from '../../../src/verify/verify.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { knownFrom } from '../processor/user-history-bench.js';

describe('create table', () => {
  let harness: LoadHarness;
  let sources: DataSource[];
  beforeEach(async () => {
    Logger.overrideLogger(false);
    harness = await LoadHarness.create();
    sources = [];
  });
  afterEach(async () => {
    for (const source of sources) if (source.isInitialized) await source.destroy();
    await harness.remove();
  });

  /** As a process of its own would have it. */
  function service(): CreateTableService {
    const source = new DataSource(dataSourceOptions(harness.database.url));
    sources.push(source);
    const config = Object.assign(new AppConfig(), { migrationsRun: false });
    return new CreateTableService(new Database(source, config, new Drain()));
  }

  const dropAll = () =>
    harness.dataSource.query(
      `drop table users_revenue, load_checkpoint, dead_letters, resubmissions, loads, migrations,
         revenue_history, user_revenue_history, user_history_state`,
    );

  test('creates what is missing, and says whether it did', async () => {
    await dropAll();
    expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
    expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
    expect(await harness.balances()).toEqual({});
    expect(await harness.checkpoints()).toEqual([]);
  });

  test('leaves balances alone that are there', async () => {
    await harness.dataSource.query(`insert into users_revenue values ('abc', 5, now())`);
    expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
    expect(await harness.balances()).toEqual({ abc: '5' });
  });

  test('answers a foreign table with 409, the difference, and changes nothing', async () => {
    await dropAll();
    await harness.dataSource.query('create table users_revenue (user_id int, revenue int)');
    await expect(service().create()).rejects.toMatchObject({ code: 'TABLE_FOREIGN', status: 409 });
  });

  test('answers a foreign table of revenue over time in the same way', async () => {
    await dropAll();
    await harness.dataSource.query('create table revenue_history (hour int, revenue int)');
    await expect(service().create()).rejects.toMatchObject({ code: 'TABLE_FOREIGN', status: 409 });
  });

  test('answers 503 while the database is away', async () => {
    const source = new DataSource(dataSourceOptions('postgres://x@127.0.0.1:1/none'));
    const config = Object.assign(new AppConfig(), { migrationsRun: false });
    const away = new CreateTableService(new Database(source, config, new Drain()));
    await expect(away.create()).rejects.toMatchObject({ code: 'DATABASE_AWAY', status: 503 });
  });

  test('makes a dropped table again, and the next load fills it from the start of the log', async () => {
    const log = await harness.openLog();
    await append(log, ['abc', 100], ['xyz', 3, 'subtract_revenue']);
    const processor = harness.processor(log);
    await processor.runOnce();
    await harness.dataSource.query('drop table users_revenue');
    await append(log, ['abc', 1]);
    await expect(processor.runOnce()).rejects.toThrow('users_revenue');
    expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
    expect(await harness.dataSource.query('select from revenue_history')).toEqual([]);
    await processor.runOnce();
    expect(await harness.balances()).toEqual({ abc: '101', xyz: '-3' });
    expect(await harness.dataSource.query('select revenue from revenue_history')).toEqual([
      { revenue: '98' },
    ]);
  });

  test('makes all tables again when only the list of migrations was kept', async () => {
    await harness.dataSource.query('drop table users_revenue, load_checkpoint, dead_letters');
    expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
    expect(await harness.balances()).toEqual({});
    expect(await harness.checkpoints()).toEqual([]);
  });

  test('makes dropped dead letters again, and leaves the rest', async () => {
    await harness.dataSource.query(`insert into users_revenue values ('abc', 5, now())`);
    await harness.dataSource.query('drop table dead_letters');
    expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
    expect(await harness.dataSource.query('select * from dead_letters')).toEqual([]);
    expect(await harness.balances()).toEqual({ abc: '5' });
  });

  test.each(['user_revenue_history', 'user_history_state'])(
    'makes %s again, of which nothing is known then',
    async (table) => {
      const log = await harness.openLog();
      await append(log, ['abc', 100]);
      const bounds = { usersMax: 1_000, readMsMax: 1_000, byHour: true };
      await harness.processor(log, { bounds }).runOnce();
      expect(await knownFrom(harness)).toEqual(['always']);
      await harness.dataSource.query(`drop table ${table}`);
      expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
      expect(await knownFrom(harness)).toEqual([null]);
      expect(await harness.balances()).toEqual({ abc: '100' });
    },
  );

  test('refuses to make dropped checkpoints beside balances, which would count all again', async () => {
    await harness.dataSource.query('drop table load_checkpoint');
    for (let call = 0; call < 2; call++) {
      await expect(service().create()).rejects.toMatchObject({ code: 'CHECKPOINT_DROPPED' });
    }
    await harness.dataSource.query('drop table users_revenue');
    expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
  });

  describe('beside balances that were loaded', () => {
    const payload = encodeEventPayload({ userId: 'abc', name: 'add_revenue', value: 5 });
    /** A correction of a dead letter of some other log, and so the same one in whichever log it is. */
    const appendCorrection = (log: StagingLog): Promise<unknown> =>
      log.append([{ id: 'dead-letter:11111111-1111-4111-8111-111111111111:7', payload }]);

    test.each(['resubmissions', 'dead_letters', 'resubmissions, dead_letters'])(
      'does not make again what tells what they hold, unless all is loaded again: %s',
      async (tables) => {
        const logs = [await harness.openLog(), await harness.openLog('other')];
        for (const log of logs) await appendCorrection(log);
        const [first, second] = logs.map((log) => harness.processor(log));
        await first?.runOnce();
        await harness.dataSource.query(`drop table ${tables}`);
        for (let call = 0; call < 2; call++) {
          const refused = service().create();
          await expect(refused).rejects.toMatchObject({
            code: 'DEAD_LETTERS_DROPPED',
            status: 409,
          });
          await expect(refused).rejects.toThrow(tables.split(', ').at(-1) ?? '');
        }
        expect(await harness.balances()).toEqual({ abc: '5' });
        await harness.dataSource.query('drop table users_revenue, load_checkpoint');
        expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
        for (const processor of [first, second]) await processor?.runOnce();
        expect(await harness.balances()).toEqual({ abc: '5' });
      },
    );

    test.each(['resubmissions', 'dead_letters'])(
      'is content once it is restored: %s',
      async (table) => {
        const log = await harness.openLog();
        await appendCorrection(log);
        await harness.processor(log).runOnce();
        await harness.dataSource.query(`alter table ${table} rename to kept`);
        await expect(service().create()).rejects.toThrow(table);
        await harness.dataSource.query(`alter table kept rename to ${table}`);
        expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
        expect(await harness.balances()).toEqual({ abc: '5' });
      },
    );

    test('makes the tables of newer versions, which nobody has dropped', async () => {
      const { dataSource } = harness;
      const log = await harness.openLog();
      await append(log, ['abc', 5]);
      await harness.processor(log).runOnce();
      while (await tableStands(dataSource, 'dead_letters')) await dataSource.undoLastMigration();
      // What it asks itself, and then all of it: the migrations run before.
      expect(await forgetDropped(dataSource)).toContain('resubmissions');
      expect(await service().create()).toEqual({ table: 'users_revenue', created: false });
      expect(await dataSource.query('select * from resubmissions')).toEqual([]);
      expect(await harness.balances()).toEqual({ abc: '5' });
    });
  });

  test('takes the place of a renamed table that has a primary key', async () => {
    await dropAll();
    await harness.dataSource.query('create table users_revenue (user_id int primary key)');
    await expect(service().create()).rejects.toMatchObject({ code: 'TABLE_FOREIGN' });
    await harness.dataSource.query('alter table users_revenue rename to users_revenue_old');
    expect(await service().create()).toEqual({ table: 'users_revenue', created: true });
  });

  test('called many times at once, while loads go on, loads nothing twice', async () => {
    const log = await harness.openLog();
    const processor = harness.processor(log);
    const services = Array.from({ length: 4 }, service);
    for (const each of services) await each.create();
    for (let round = 0; round < 8; round++) {
      await append(log, ['abc', 1], [`user-${round}`, 1]);
      await harness.dataSource.query('drop table users_revenue');
      let done = false;
      const loads = (async () => {
        while (!done) await processor.runOnce().catch(() => undefined);
      })();
      await Promise.all(services.map((each) => each.create()));
      done = true;
      await loads;
      await processor.runOnce();
      expect(await harness.balances()).toMatchObject({ abc: String(round + 1) });
    }
    const { kind } = await verifyBalances({
      dataSource: harness.dataSource,
      log,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    });
    expect(kind).toBe('exact');
  });
});
