import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CountDeadLetters } from '../../../src/dead-letters/count-dead-letters.js';
import { resolveCorrections } from '../../../src/dead-letters/dead-letters.port.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import { DEAD_LOG, ResubmitBench, STORED, type Process } from './resubmit-bench.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 } as const;

let bench: ResubmitBench;
let here: Process;
let count: CountDeadLetters;
/** Of one connection: PostgreSQL counts what is read by connection, and tells it when that one says so. */
let single: DataSource;
beforeAll(async () => {
  bench = await ResubmitBench.create();
  const options = { ...dataSourceOptions(bench.harness.database.url), poolSize: 1 };
  single = await new DataSource(options as DataSourceOptions).initialize();
  const config = Object.assign(new AppConfig(), { migrationsRun: false });
  const database = new Database(single, config, new Drain());
  await database.start(60_000);
  count = new CountDeadLetters(database);
});
beforeEach(async () => {
  await bench.reset();
  here = await bench.process();
});
afterAll(async () => {
  await single.destroy();
  await bench.remove();
});

/** Dies after the claim is committed, and before anything is sent. */
async function claimAndDie(offset: number): Promise<string> {
  const id = await bench.storeLetter(offset);
  const dying = await bench.process('lost', false);
  await dying.resubmit.resubmit(id, EVENT);
  return id;
}

test('a claim for a log that is gone is counted after 5 minutes, whoever looks', async () => {
  await claimAndDie(7);
  await bench.age(290);
  await here.finish.look();
  expect([await count.countUnfinished(), await count.countOpen()]).toEqual([0, 0]);
  await bench.age(20);
  await here.finish.look();
  expect(here.requests).toEqual([]);
  expect([await count.countUnfinished(), await count.countOpen()]).toEqual([1, 0]);
});

test('it is counted no more when it is made again, nor once it is loaded', async () => {
  const id = await claimAndDie(7);
  await bench.age(600);
  expect(await count.countUnfinished()).toBe(1);
  here.conduct = () => STORED;
  await here.resubmit.resubmit(id, EVENT);
  expect(await count.countUnfinished()).toBe(0);
  await bench.age(600);
  expect(await count.countUnfinished()).toBe(1);
  const correction = { deadLetter: { logId: DEAD_LOG, offset: 7 }, offset: 100 };
  await resolveCorrections(bench.harness.dataSource.manager, here.identity, [
    { ...correction, event: JSON.stringify(EVENT) },
  ]);
  expect(await count.countUnfinished()).toBe(0);
});

test('it is found by an index, however many corrections were loaded', async () => {
  await bench.query(
    `insert into resubmissions (log_id, "offset", event, loaded_log_id, loaded_offset, claimed_at)
     select $1, 1000 + n, '{}', $1, n, now() - interval '1 day' from generate_series(1, 20000) as n`,
    [DEAD_LOG],
  );
  await bench.query(
    `insert into dead_letters (log_id, "offset", length, bytes, code, message, state)
     select $1, 1000 + n, 1, 'x', 'INVALID_JSON', 'why', 'resolved' from generate_series(1, 20000) as n`,
    [DEAD_LOG],
  );
  await claimAndDie(7);
  await bench.age(600);
  await bench.query('analyze resubmissions, dead_letters');
  const rowsRead = async (): Promise<number> => {
    await single.query('select pg_stat_force_next_flush()');
    const [row] = await single.query<{ rows: number }[]>(
      `select sum(seq_tup_read)::int as rows from pg_stat_user_tables
        where relname in ('resubmissions', 'dead_letters')`,
    );
    return row?.rows ?? NaN;
  };
  const before = await rowsRead();
  expect(await count.countUnfinished()).toBe(1);
  expect(await rowsRead()).toBe(before);
  // The figure counts what is read without an index.
  await single.query(`select count(*) from resubmissions where event <> ''`);
  expect(await rowsRead()).toBeGreaterThanOrEqual(before + 20_000);
});

test('it is unknown, and not 0, without a table', async () => {
  await bench.query('alter table resubmissions rename to gone');
  const found = await count.countUnfinished();
  await bench.query('alter table gone rename to resubmissions');
  expect(found).toBeNull();
});
