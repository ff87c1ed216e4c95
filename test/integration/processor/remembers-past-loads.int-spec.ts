import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LoadsController } from '../../../src/processor/loads.controller.js';
import { LoadsQuery } from '../../../src/processor/loads.query.js';
import { readLastLoad, readLoads } from '../../../src/processor/past-loads.js';
import { PAST_LOADS_MAX, storeLoad, type LoadToStore } from '../../../src/processor/store-load.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import { LoadHarness } from './load-harness.js';

const LOG: string = randomUUID();
const OTHER_LOG: string = randomUUID();

/** Every figure differs, so that none can stand in the place of another. */
const load = (fromOffset: number, logId = LOG): LoadToStore => ({
  logId,
  fromOffset,
  toOffset: fromOffset + 90_000_000_000,
  events: 5_000_000_001,
  users: 23,
  inserted: 20,
  updated: 3,
  deadLetters: 2,
  durationMs: 41.6,
});

describe('the history of loads', () => {
  let harness: LoadHarness;
  let controller: LoadsController;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    const database = databaseOf(harness.dataSource);
    await database.start(60_000);
    controller = new LoadsController(database);
  });
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const store = (...loads: LoadToStore[]): Promise<void> =>
    harness.dataSource.transaction(async (manager) => {
      for (const each of loads) await storeLoad(manager, each);
    });

  /** As many as the history may hold. */
  const fillUp = (): Promise<unknown> =>
    harness.dataSource.query(
      `insert into loads (log_id, from_offset, to_offset, events, users, inserted, updated, dead_letters, duration_ms)
       select $1, n, n + 1, 1, 1, 1, 0, 0, 1 from generate_series(1, $2::int) as n`,
      [OTHER_LOG, PAST_LOADS_MAX],
    );

  const ask = async (query: Record<string, string>) => {
    const pipe = new ValidationPipe({ transform: true });
    const parsed: unknown = await pipe.transform(query, { type: 'query', metatype: LoadsQuery });
    return controller.list(parsed as LoadsQuery);
  };

  test('tells all that a load did', async () => {
    const before = Date.now();
    await store(load(7));
    const [found] = (await ask({})).loads;
    expect(found).toEqual({
      ...load(7),
      durationMs: 42,
      id: expect.any(Number),
      committedAt: expect.any(String),
    });
    // Both clocks are of this machine; PostgreSQL's is finer.
    expect(Date.parse(found!.committedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(found!.committedAt)).toBeLessThanOrEqual(Date.now());
  });

  test('gives pages of all logs, the newest first, without one twice when loads come meanwhile', async () => {
    await store(...[1, 2, 3, 4, 5].map((from) => load(from, from % 2 ? LOG : OTHER_LOG)));
    const first = await ask({ limit: '2' });
    await store(load(6));
    const second = await ask({ limit: '2', before: String(first.next) });
    const last = await ask({ limit: '2', before: String(second.next) });
    const offsets = [first, second, last].map(({ loads }) =>
      loads.map(({ fromOffset }) => fromOffset),
    );
    expect(offsets).toEqual([[5, 4], [3, 2], [1]]);
    expect(first.loads.map(({ logId }) => logId)).toEqual([LOG, OTHER_LOG]);
    expect(last.next).toBeNull();
  });

  test('ends with null where a page is just full', async () => {
    await store(load(1), load(2));
    expect(await ask({ limit: '2' })).toMatchObject({ next: null });
    expect(await ask({ limit: '1' })).toMatchObject({ next: expect.any(Number) });
  });

  test('gives 50 when nothing is asked, and at most 500', async () => {
    await store(...Array.from({ length: 501 }, (_, i) => load(i)));
    expect((await ask({})).loads).toHaveLength(50);
    expect((await ask({ limit: '500' })).loads).toHaveLength(500);
  });

  test.each([
    { limit: '0' },
    { limit: '501' },
    { limit: '1.5' },
    { limit: 'all' },
    { limit: '' },
    { before: '0' },
    { before: '-1' },
    { before: '1e300' },
    { before: 'x' },
  ])('refuses %j', async (query) => {
    await expect(ask(query)).rejects.toMatchObject({ status: 400 });
  });

  test('keeps the newest rows up to the bound, and removes the older ones', async () => {
    await fillUp();
    await store(load(-1), load(-2), load(-3));
    const [row]: { count: string; oldest: string; newest: string }[] =
      await harness.dataSource.query(
        `select count(*) as count, max(from_offset) as newest,
                (select from_offset from loads order by id limit 1) as oldest from loads`,
      );
    expect(row).toEqual({
      count: String(PAST_LOADS_MAX),
      oldest: '4',
      newest: String(PAST_LOADS_MAX),
    });
  });

  test('finds what is too old by the index', async () => {
    await fillUp();
    await harness.dataSource.query('analyze loads');
    await harness.dataSource.transaction(async (manager) => {
      const rowsRead = async (): Promise<number> => {
        const [row]: { rows: string }[] = await manager.query(
          `select pg_stat_get_xact_tuples_returned('loads'::regclass) as rows`,
        );
        return Number(row?.rows);
      };
      const before = await rowsRead();
      await storeLoad(manager, load(1));
      expect((await rowsRead()) - before).toBe(0);
      // The figure counts what is read without an index.
      await manager.query('select count(*) from loads where events >= 0');
      expect((await rowsRead()) - before).toBe(PAST_LOADS_MAX);
    });
  });

  test('has nothing of a load that is rolled back', async () => {
    await store(load(1));
    const failed = harness.dataSource.transaction(async (manager) => {
      await storeLoad(manager, load(2));
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    const loads = await readLoads(harness.dataSource.manager, { limit: 10 });
    expect(loads.map(({ fromOffset }) => fromOffset)).toEqual([1]);
  });

  test('lets loads of two logs commit beside each other at the bound', async () => {
    await fillUp();
    const turns = Array.from({ length: 25 }, (_, turn) => turn);
    const loadInTurn = async (logId: string): Promise<void> => {
      for (const turn of turns) await store(load(turn, logId));
    };
    await Promise.all([LOG, OTHER_LOG, randomUUID()].map(loadInTurn));
    const [row]: { count: number }[] = await harness.dataSource.query(
      'select count(*)::int as count from loads',
    );
    expect(row?.count).toBe(PAST_LOADS_MAX);
  });

  test('knows the last load of each log', async () => {
    const { manager } = harness.dataSource;
    expect(await readLastLoad(manager, LOG)).toBeNull();
    await store(load(1), load(2), load(3, OTHER_LOG));
    const { logId, ...report } = { ...load(2), durationMs: 42, committedAt: expect.any(String) };
    expect(await readLastLoad(manager, logId)).toEqual(report);
    expect(await readLastLoad(manager, OTHER_LOG)).toMatchObject({ fromOffset: 3 });
    expect(await readLastLoad(manager, randomUUID())).toBeNull();
  });

  test('is answered with 503 while the database is away or the table is missing', async () => {
    const source = new DataSource(dataSourceOptions('postgres://x@127.0.0.1:1/none'));
    const away = new LoadsController(databaseOf(source));
    await expect(away.list(new LoadsQuery())).rejects.toMatchObject({
      code: 'DATABASE_AWAY',
      status: 503,
    });
    const { dataSource } = harness;
    await dataSource.query('alter table loads rename to loads_elsewhere');
    try {
      await expect(ask({})).rejects.toMatchObject({ code: 'TABLE_MISSING', status: 503 });
    } finally {
      await dataSource.query('alter table loads_elsewhere rename to loads');
    }
    const lost = await harness.connect();
    const cut = databaseOf(lost);
    await cut.start(60_000);
    await lost.destroy();
    await expect(new LoadsController(cut).list(new LoadsQuery())).rejects.toMatchObject({
      code: 'DATABASE_AWAY',
      status: 503,
    });
  });
});

function databaseOf(source: DataSource): Database {
  return new Database(
    source,
    Object.assign(new AppConfig(), { migrationsRun: false }),
    new Drain(),
  );
}
