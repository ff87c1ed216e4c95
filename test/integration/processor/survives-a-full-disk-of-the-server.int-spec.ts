import { statfsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { SmallDisk } from '../../support/small-disk.js';
import { EmbeddedWorkbench, queryEventually } from '../embedded-postgres/support.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness, type TestEvent } from './load-harness.js';

const MIB = 1024 * 1024;
const DISK_BYTES = 2 * MIB;
const USERS = 2_000;
/** A new cluster takes half of it. */
const CLUSTER_DISK_BYTES = 128 * MIB;
/** Of long names: those of one round fit, those of two more do not. */
const events = (round: number): TestEvent[] =>
  Array.from({ length: USERS }, (_, user) => [`${round}-${user}-`.padEnd(250, 'x'), 0.01]);

/** Where the balances have not room for all. */
interface SmallPlace {
  readonly dataSource: DataSource;
  readonly makeRoom: () => Promise<void>;
}

describe('loads survive a full disk of the server', () => {
  let harness: LoadHarness;
  let cluster: EmbeddedWorkbench;
  let log: LocalStagingLog;
  let url: string;
  let undo: (() => void)[];
  beforeEach(async () => {
    undo = [];
    harness = await LoadHarness.create();
    cluster = await EmbeddedWorkbench.open();
    log = await harness.openLog();
  });
  afterEach(async () => {
    await harness.reset();
    await cluster.close().catch(() => undefined);
    for (const step of undo.reverse()) step();
    await cluster.close();
    await harness.remove();
  });

  async function startCluster(): Promise<DataSource> {
    ({ url } = await cluster.start());
    const dataSource = await harness.connect(url);
    await runPendingMigrations(dataSource);
    return dataSource;
  }

  /** A server whose balances are on a disk of their own; null where mounting is not allowed. */
  async function smallDisk(): Promise<SmallPlace | null> {
    const directory = join(cluster.dataDir, 'small');
    const disk = SmallDisk.mount(directory, DISK_BYTES);
    if (disk === null) return null;
    undo.push(() => disk.remove());
    const dataSource = await startCluster();
    disk.giveToOwnerOf(cluster.clusterDir());
    await dataSource.query(`create tablespace small location '${directory}'`);
    await dataSource.query('alter table users_revenue set tablespace small');
    const makeRoom = (): Promise<void> => {
      disk.resize(64 * MIB);
      return Promise.resolve();
    };
    return { dataSource, makeRoom };
  }

  /** A server with everything on a disk that is nearly full; null where mounting is not allowed. */
  async function smallServer(): Promise<SmallPlace | null> {
    const disk = SmallDisk.mount(cluster.dataDir, CLUSTER_DISK_BYTES);
    if (disk === null) return null;
    undo.push(() => disk.remove());
    const dataSource = await startCluster();
    const filler = join(cluster.dataDir, 'filler');
    const { bavail, bsize } = statfsSync(cluster.dataDir);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 2 * MIB));
    const makeRoom = async (): Promise<void> => {
      await rm(filler);
      await queryEventually(url, 'select 1');
    };
    return { dataSource, makeRoom };
  }

  /** The balances may not grow beyond a bound: the server says what it would say of a full disk. */
  async function quota(): Promise<SmallPlace> {
    const { dataSource } = harness;
    await dataSource.query(`create function keep_to_quota() returns trigger language plpgsql as $$ begin
        if pg_relation_size('users_revenue') > ${DISK_BYTES} then
          raise exception 'the quota is used up' using errcode = '53100';
        end if;
        return null;
      end $$`);
    await dataSource.query(`create trigger quota after insert or update on users_revenue
      for each statement execute function keep_to_quota()`);
    const makeRoom = async (): Promise<void> => {
      await dataSource.query('drop function keep_to_quota cascade');
    };
    return { dataSource, makeRoom };
  }

  test.each([
    ['as told by a quota', quota],
    ['as real as it can be here', async (): Promise<SmallPlace> => (await smallDisk()) ?? quota()],
  ] as const)('where the balances are, %s', async (_what, prepare) => {
    const { dataSource, makeRoom } = await prepare();
    const bench = new FaultBench(harness, dataSource);
    const processor = harness.processor(log, { dataSource });
    await append(log, ...events(0));
    await bench.expectAllLoaded(processor, log, { events: USERS });
    await append(log, ...events(1), ...events(2));
    for (let run = 0; run < 2; run++) {
      expect(await endOf(processor.runOnce())).toBe('53100');
      await bench.expectExact(log, USERS);
    }
    await makeRoom();
    await bench.expectAllLoaded(processor, log, { events: 3 * USERS });
  });

  test('where everything of the server is, which may end it: it comes back by itself', async () => {
    const { dataSource, makeRoom } = (await smallServer()) ?? (await quota());
    const bench = new FaultBench(harness, dataSource);
    const processor = harness.processor(log, { dataSource });
    await append(log, ...events(0));
    await bench.expectAllLoaded(processor, log, { events: USERS });
    let staged = USERS;
    let end: string;
    do {
      await append(log, ...events(staged));
      staged += USERS;
      end = await endOf(processor.runOnce());
    } while (end === 'caught-up' && staged < 100 * USERS);
    expect(end).not.toBe('caught-up');
    await makeRoom();
    await bench.expectAllLoaded(processor, log, { events: staged });
  });
});
