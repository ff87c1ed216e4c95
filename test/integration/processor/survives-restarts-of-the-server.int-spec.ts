import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Processor } from '../../../src/processor/processor.js';
import type { EmbeddedPostgres } from '../../../src/shared/database/embedded/embedded-postgres.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { StatementProxy, type Strike } from '../../support/statement-proxy.js';
import {
  EmbeddedWorkbench,
  eventually,
  isAlive,
  queryEventually,
} from '../embedded-postgres/support.js';
import { endOf, FaultBench } from './fault-bench.js';
import { append, LoadHarness } from './load-harness.js';

const COMMIT = /^(commit|end)\b/i;
const USERS = 50;

/** A server of the test's own, which comes back by itself whenever it ends. */
describe('loads survive that the server', () => {
  let harness: LoadHarness;
  let cluster: EmbeddedWorkbench;
  let server: EmbeddedPostgres;
  let bench: FaultBench;
  let proxy: StatementProxy;
  let log: LocalStagingLog;
  let processor: Processor;
  let events: number;
  beforeAll(async () => {
    harness = await LoadHarness.create();
    cluster = await EmbeddedWorkbench.open();
  });
  beforeEach(async () => {
    await harness.reset();
    server = await cluster.start();
    const direct = await harness.connect(server.url);
    await runPendingMigrations(direct);
    await direct.query('truncate users_revenue, load_checkpoint, dead_letters, loads');
    bench = new FaultBench(harness, direct);
    proxy = await StatementProxy.open(server.url);
    log = await harness.openLog();
    processor = harness.processor(log, { dataSource: await harness.connect(proxy.url) });
    events = 0;
  });
  afterEach(async () => {
    await proxy.close();
    await server.stop();
  });
  afterAll(async () => {
    await cluster.close();
    await harness.remove();
  });

  async function stage(): Promise<void> {
    for (let user = 0; user < USERS; user++) await append(log, [`user-${user}`, 1.25 + user]);
    events += USERS;
  }

  /** Ends the server. Resolves when its main process is gone; it may be back already. */
  async function end(signal: NodeJS.Signals): Promise<void> {
    const pid = await cluster.postmasterPid();
    process.kill(pid, signal);
    expect(await eventually(() => !isAlive(pid))).toBe(true);
  }

  test.each([
    ['is restarted', 'SIGINT'],
    ['is restarted at once, as after a crash', 'SIGQUIT'],
    ['is killed', 'SIGKILL'],
  ] as const)('%s, between loads and at any time of one', async (_what, signal) => {
    await stage();
    proxy.watch(0, () => undefined);
    await bench.expectAllLoaded(processor, log, { events });
    const statements = proxy.asked.length;

    await stage();
    await end(signal);
    await queryEventually(server.url, 'select 1');
    await bench.expectAllLoaded(processor, log, { events });

    const points: [where: number | RegExp, strike: Strike, commits: number][] = [
      [Math.ceil(statements / 2), () => end(signal), 0],
      [COMMIT, () => end(signal), 0],
      [
        COMMIT,
        async (exchange) => {
          exchange.deliver();
          await exchange.answered;
          await end(signal);
        },
        1,
      ],
    ];
    for (const [where, strike, commits] of points) {
      const before = events;
      await stage();
      proxy.watch(where, async (exchange) => {
        await strike(exchange);
        exchange.cut();
      });
      expect(await endOf(processor.runOnce())).toMatch(/^57P0|^failed: /);
      await proxy.struckEnd;
      expect(proxy.commits).toBe(commits);
      await queryEventually(server.url, 'select 1');
      await bench.expectExact(log, commits === 0 ? before : events);
      await bench.expectAllLoaded(processor, log, { events });
    }
  });
});
