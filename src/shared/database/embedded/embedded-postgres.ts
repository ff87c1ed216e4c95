import assert from 'node:assert/strict';

import { claimCluster } from './claim-cluster.js';
import { databaseUrl, ensureDatabase } from './database-session.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { pause } from './pause.js';
import type { Postmaster } from './postmaster.process.js';
import { prepareServer } from './prepare-server.js';
import { RestartBackoff } from './restart.backoff.js';
import { pruneServerLogs } from './server-log-files.js';
import type { EmbeddedPostgresLog, ServerSetup } from './server-setup.js';
import { removeTemporarySocketDirectory } from './socket-directory.js';
import { startPostmaster } from './start-postmaster.js';

const PASSING_REFUSAL_TIMEOUT_MS = 30_000;
const PASSING_REFUSAL_RETRY_MS = 100;
const LOG_PRUNE_INTERVAL_MS = 60_000;

export interface EmbeddedPostgresOptions {
  /** `DATA_DIR`; made when missing. The cluster lives in `<dataDir>/postgres/<major>`. */
  readonly dataDir: string;
  readonly log: EmbeddedPostgresLog;
}

/**
 * A PostgreSQL server that belongs to this process: reachable through a private Unix socket only, durable, restarted when
 * it dies, and shut down when this process ends, even by SIGKILL.
 *
 * States: `start()` gives a running server. When it dies unexpectedly, it is restarted for as long as it takes, under the
 * same url; meanwhile connections fail. `stop()` ends both for good.
 */
export class EmbeddedPostgres {
  private readonly stopping = new AbortController();
  private readonly supervision: Promise<void>;
  private readonly logPruning: NodeJS.Timeout;
  private ended: Promise<void> | undefined;

  private constructor(
    private readonly setup: ServerSetup,
    postmaster: Postmaster,
  ) {
    this.logPruning = setInterval(
      () => void pruneServerLogs(setup.layout.logDir).catch(() => undefined),
      LOG_PRUNE_INTERVAL_MS,
    ).unref();
    this.supervision = this.supervise(postmaster);
  }

  /**
   * Starts the server, creating the cluster and the database `revenue` when they are missing. Resolves when it has
   * answered a query. Takes over from a server that a killed process has left behind.
   *
   * @throws EmbeddedPostgresError with a stable `code`; no process is left running then
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const startedAt = performance.now();
    const { setup, postmaster } = await openDatabase(options).catch((error: unknown) => {
      throw EmbeddedPostgresError.from(error, options.dataDir);
    });
    const tookMs = Math.round(performance.now() - startedAt);
    options.log.info(
      `PostgreSQL ${setup.binaries.version} is ready on ${setup.layout.clusterDir} after ${tookMs} ms`,
    );
    return new EmbeddedPostgres(setup, postmaster);
  }

  /** Connection string for the database `revenue`, for pg and TypeORM alike. Stays the same across restarts of the server. */
  get url(): string {
    return databaseUrl(this.setup.socketDir);
  }

  /**
   * Shuts the server down and resolves when its process is gone: as a rule within a second, bounded by about 30 s.
   * Works at any time, also while a restart is under way; calling it again waits for the same end. Never rejects.
   */
  stop(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async end(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.logPruning);
    await this.supervision;
    try {
      // As a rule nobody is left; but a server whose guard was killed outlives the guard.
      await claimCluster(this.setup.layout, this.setup.log);
      await removeTemporarySocketDirectory(this.setup.layout);
    } catch (error) {
      this.setup.log.warn(`PostgreSQL did not stop cleanly: ${String(error)}`);
    }
  }

  private async supervise(first: Postmaster): Promise<void> {
    const backoff = new RestartBackoff();
    let running: Postmaster | undefined = first;
    while (running !== undefined) {
      backoff.started();
      const reason = await this.exitOf(running);
      if (this.stopping.signal.aborted) {
        await running.stop();
        return;
      }
      this.setup.log.error(`PostgreSQL died unexpectedly (${reason}); restarting it`);
      running = await this.restart(backoff);
    }
  }

  /** Resolves when the server has died, or when it is to be stopped. */
  private async exitOf(postmaster: Postmaster): Promise<string> {
    const { signal } = this.stopping;
    const stopRequested = new Promise<string>((resolve) => {
      if (signal.aborted) resolve('stopped');
      signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    return await Promise.race([postmaster.exited, stopRequested]);
  }

  /** @returns undefined when the server is to be stopped */
  private async restart(backoff: RestartBackoff): Promise<Postmaster | undefined> {
    const { signal } = this.stopping;
    for (;;) {
      await pause(backoff.nextDelayMs(), signal);
      if (signal.aborted) return undefined;
      const outcome = await startPostmaster(this.setup, signal);
      switch (outcome.kind) {
        case 'ready':
          this.setup.log.info('PostgreSQL is ready again');
          return outcome.postmaster;
        case 'aborted':
          return undefined;
        case 'failed':
          this.setup.log.error(
            `PostgreSQL could not be restarted, trying again: ${outcome.error.message}`,
          );
          break;
        default:
          return outcome satisfies never;
      }
    }
  }
}

interface OpenDatabase {
  readonly setup: ServerSetup;
  readonly postmaster: Postmaster;
}

async function openDatabase(options: EmbeddedPostgresOptions): Promise<OpenDatabase> {
  const setup = await prepareServer(options.dataDir, options.log);
  const postmaster = await startFirst(setup);
  try {
    await ensureDatabase(setup.socketDir);
  } catch (error) {
    await postmaster.stop();
    throw error;
  }
  return { setup, postmaster };
}

/** A lasting reason fails the first start at once; while a killed server's last processes are ending, it waits for them. */
async function startFirst(setup: ServerSetup): Promise<Postmaster> {
  const startedAt = performance.now();
  const neverAborted = new AbortController().signal;
  for (;;) {
    const outcome = await startPostmaster(setup, neverAborted);
    if (outcome.kind === 'ready') return outcome.postmaster;
    assert(outcome.kind === 'failed', 'a start that nobody can abort was aborted');
    if (!outcome.passing || performance.now() - startedAt > PASSING_REFUSAL_TIMEOUT_MS)
      throw outcome.error;
    await pause(PASSING_REFUSAL_RETRY_MS);
  }
}
