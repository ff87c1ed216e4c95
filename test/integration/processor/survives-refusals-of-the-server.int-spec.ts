import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { Processor } from '../../../src/processor/processor.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { sqlStateOf } from '../../../src/shared/database/sql-state.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { eventually } from '../../support/eventually.js';
import { StatementProxy } from '../../support/statement-proxy.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

const ROLE = `loader_${randomBytes(6).toString('hex')}`;

/** The server waits 2 s for the next statement of a load, and not the minute that the load grants it. */
const HURRY = {
  begin: `create function hurry() returns trigger language plpgsql as $$ begin
      perform set_config('idle_in_transaction_session_timeout', '2s', true);
      return null;
    end $$;
    create trigger hurry after insert or update on load_checkpoint execute function hurry()`,
  over: 'drop function hurry cascade',
};

describe('a load that the server refuses fails, and does all once it may', () => {
  let harness: LoadHarness;
  let bench: FaultBench;
  let log: LocalStagingLog;
  let database: string;
  let proxy: StatementProxy | undefined;
  let events: number;
  const sql = (text: string): Promise<unknown> => harness.dataSource.query(text);
  beforeAll(async () => {
    harness = await LoadHarness.create();
    bench = new FaultBench(harness);
    const rows: { name: string }[] = await harness.dataSource.query(
      'select current_database() as name',
    );
    database = rows[0]!.name;
    // An ordinary user: nobody can refuse a connection to a superuser.
    await sql(`create role ${ROLE} login`);
    await sql(`grant all on all tables in schema public to ${ROLE}`);
    await sql(`grant all on all sequences in schema public to ${ROLE}`);
    await bench.makeWritesWait();
  });
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog();
    events = 0;
  });
  afterAll(async () => {
    await proxy?.close();
    await harness.reset();
    await sql(`drop owned by ${ROLE}`);
    await sql(`drop role ${ROLE}`);
    await harness.remove();
  });

  /** A pool of the ordinary user's, which has loaded before the fault begins. */
  async function loadedBefore(dataSource: DataSource): Promise<Processor> {
    const processor = harness.processor(log, { dataSource });
    await stage();
    await bench.expectAllLoaded(processor, log, { events });
    await stage();
    return processor;
  }

  const connect = (): Promise<DataSource> =>
    harness.connect(harness.database.url.replace('//postgres@', `//${ROLE}@`));

  async function stage(): Promise<void> {
    await append(log, ['abc', 57.25], ['xyz', 3, 'subtract_revenue'], [`new-${events}`, 1]);
    events += 3;
  }

  /** Twice, because a refusal may last; each time nothing is loaded. */
  async function expectRefused(processor: Processor, state: RegExp): Promise<void> {
    const before = events - 3;
    for (let run = 0; run < 2; run++) {
      expect(await endOf(processor.runOnce())).toMatch(state);
      await bench.expectExact(log, before);
    }
  }

  /**
   * Runs `work` under a fault. What is set for a database or a role holds for new connections, so those that
   * stand are ended, before and after; a pool hands them out until it has noticed.
   */
  async function under(
    { begin, over }: { readonly begin: string; readonly over: string },
    dataSource: DataSource,
    work: () => Promise<void>,
  ): Promise<void> {
    await sql(begin);
    try {
      await endConnections(dataSource);
      await work();
    } finally {
      await sql(over);
      await endConnections(dataSource);
    }
  }

  async function endConnections(dataSource: DataSource): Promise<void> {
    await sql(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '${ROLE}'`,
    );
    // Until it has an answer of the server, be it a refusal.
    await eventually(() =>
      dataSource.query('select 1').then(
        () => true,
        (error: unknown) => sqlStateOf(error) !== null,
      ),
    );
  }

  test.each([
    {
      what: 'is read-only',
      begin: () => `alter database ${database} set default_transaction_read_only = on`,
      over: () => `alter database ${database} reset default_transaction_read_only`,
      state: /^25006$/,
    },
    {
      what: 'has too many connections',
      begin: () => `alter role ${ROLE} connection limit 0`,
      over: () => `alter role ${ROLE} connection limit -1`,
      state: /^53300$/,
    },
    {
      what: 'takes no connections to this database',
      begin: () => `alter role ${ROLE} nologin`,
      over: () => `alter role ${ROLE} login`,
      state: /^28000$/,
    },
    {
      what: 'allows writing to the balances no more',
      begin: () => `revoke insert, update on users_revenue from ${ROLE}`,
      over: () => `grant insert, update on users_revenue to ${ROLE}`,
      state: /^42501$/,
    },
  ])('because it $what', async ({ begin, over, state }) => {
    const dataSource = await connect();
    const processor = await loadedBefore(dataSource);
    const fault = { begin: begin(), over: over() };
    await under(fault, dataSource, () => expectRefused(processor, state));
    await bench.expectAllLoaded(processor, log, { events });
  });

  const setting = (name: string, value: string): { begin: string; over: string } => ({
    begin: `alter database ${database} set ${name} = '${value}'`,
    over: `alter database ${database} reset ${name}`,
  });

  test.each([
    { what: 'for a lock', set: 'lock_timeout', state: /^55P03$/ },
    { what: 'for a transaction', set: 'transaction_timeout', state: /^25P04$|^failed: / },
  ])('because it has waited too long $what', async ({ set, state }) => {
    const dataSource = await connect();
    const processor = await loadedBefore(dataSource);
    await bench.withGateShut(() =>
      under(setting(set, '100ms'), dataSource, () => expectRefused(processor, state)),
    );
    await bench.expectAllLoaded(processor, log, { events });
  });

  test('because a statement takes too long', async () => {
    const options = dataSourceOptions(harness.database.url);
    const extra = { ...(options.extra as object), statement_timeout: 5_000 };
    const dataSource = await new DataSource({ ...options, extra }).initialize();
    const processor = await loadedBefore(dataSource);
    await bench.withGateShut(() => expectRefused(processor, /^57014$/));
    await bench.expectAllLoaded(processor, log, { events });
    await dataSource.destroy();
  });

  test('because the network was too slow for it', async () => {
    proxy = await StatementProxy.open(harness.database.url.replace('//postgres@', `//${ROLE}@`));
    const slow = proxy;
    const dataSource = await harness.connect(slow.url);
    const processor = await loadedBefore(dataSource);
    const before = events - 3;
    slow.watch(/^(commit|end)\b/i, async (exchange) => {
      await exchange.answered; // the server is gone, without having got it
      exchange.release();
    });
    await under(HURRY, dataSource, async () => {
      // A run before that may meet a connection of the pool that was ended and is not noticed yet.
      await eventually(async () => {
        expect(await endOf(processor.runOnce())).toMatch(/^25P03$|^failed: /);
        return slow.struck !== null;
      });
      await slow.struckEnd;
      expect(slow.commits).toBe(0);
    });
    await bench.expectExact(log, before);
    await bench.expectAllLoaded(processor, log, { events });
  });
});
