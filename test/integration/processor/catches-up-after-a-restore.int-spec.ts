import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Processor } from '../../../src/processor/processor.js';
import { retireOldest } from '../../../src/retention/retire-oldest.js';
import type { EmbeddedPostgres } from '../../../src/shared/database/embedded/embedded-postgres.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { EmbeddedWorkbench, eventually } from '../embedded-postgres/support.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

const PER_LOAD = 20;

/** The whole cluster is copied and put back as files, under a process that knows nothing of it. */
describe('when an older copy of the database is put back', () => {
  let harness: LoadHarness;
  let cluster: EmbeddedWorkbench;
  let server: EmbeddedPostgres;
  let dataSource: DataSource;
  let bench: FaultBench;
  let log: LocalStagingLog;
  let processor: Processor;
  let events: number;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    cluster = await EmbeddedWorkbench.open();
    server = await cluster.start();
  });
  beforeEach(async () => {
    await harness.reset();
    dataSource = await harness.connect(server.url);
    await runPendingMigrations(dataSource);
    await dataSource.query('truncate users_revenue, load_checkpoint, dead_letters, loads');
    bench = new FaultBench(harness, dataSource);
    log = await harness.openLog('data', { segmentBytesMax: 400 });
    processor = harness.processor(log, {
      dataSource,
      onCheckpoint: ({ offset }) => {
        log.noteLoaded(offset);
      },
    });
    events = 0;
  });
  afterAll(async () => {
    await harness.reset();
    await cluster.close();
    await harness.remove();
  });

  async function load(): Promise<void> {
    for (let i = 0; i < PER_LOAD; i++) await append(log, [`user-${i % 7}`, events++ + 0.25]);
    await bench.expectAllLoaded(processor, log, { events });
  }

  const copyOf = (name: string): string => join(harness.directory, `cluster-${name}`);

  /** The server comes back under the same address; the process goes on with its pool. */
  async function whileStopped(work: () => Promise<void>): Promise<void> {
    await server.stop();
    await work();
    server = await cluster.start();
  }

  const back = (name: string): Promise<void> =>
    whileStopped(() => cp(cluster.clusterDir(), copyOf(name), { recursive: true }));

  const putBack = (name: string): Promise<void> =>
    whileStopped(async () => {
      await rm(cluster.clusterDir(), { recursive: true });
      await cp(copyOf(name), cluster.clusterDir(), { recursive: true });
    });

  /** Deletes whatever is loaded of the log, as if days had passed. */
  async function deleteLoaded(): Promise<void> {
    const retire = () =>
      retireOldest({
        log,
        retention: log.retention,
        dataSource,
        rules: { action: 'delete', loadedForMs: 0 },
        stop: new AbortController().signal,
      });
    // Segments are sealed in the background.
    expect(await eventually(async () => (await retire()).kind === 'retired')).toBe(true);
    while ((await retire()).kind === 'retired');
  }

  test('what came since is loaded again, exactly', async () => {
    await load();
    await back('older');
    await load();
    await load();
    await putBack('older');
    await bench.expectExact(log, PER_LOAD);
    await bench.expectAllLoaded(processor, log, { events });
    await load();
  });

  test('nothing is loaded when retention has deleted what came since, until a newer copy is put back', async () => {
    await load();
    await back('older');
    await load();
    await deleteLoaded();
    await back('newer');
    await load();
    expect(log.startOffset()).toBeGreaterThan(0);
    await putBack('older');
    const before: unknown = await dataSource.query('select * from load_checkpoint, users_revenue');
    for (let run = 0; run < 2; run++) {
      expect(await endOf(processor.runOnce())).toBe('LOG_TRIMMED');
    }
    expect(await dataSource.query('select * from load_checkpoint, users_revenue')).toEqual(before);
    await putBack('newer');
    await bench.expectAllLoaded(processor, log, { events });
    await load();
  });

  test('all is loaded again when the cluster is a new one', async () => {
    await load();
    await load();
    await whileStopped(() => rm(cluster.clusterDir(), { recursive: true }));
    expect(await endOf(processor.runOnce())).toBe('42P01');
    await runPendingMigrations(dataSource);
    await bench.expectAllLoaded(processor, log, { events });
    await load();
  });
});
