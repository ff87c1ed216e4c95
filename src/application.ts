import { Logger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Express } from 'express';
import { AppModule } from './app.module.js';
import { ApplicationLogger } from './application.logger.js';
import { GenerateEvents } from './client/client.port.js';
import { LoadStatus } from './processor/processor.port.js';
import type { AppConfig } from './shared/config/app-config.js';
import { DataDirectoryOwner } from './shared/data-directory/data-directory-owner.js';
import { Database } from './shared/database/database.js';
import { EmbeddedPostgres } from './shared/database/embedded/embedded-postgres.js';
import { Drain } from './shared/drain.js';
import { Listeners } from './shared/http/listeners.js';
import { serveDocs } from './shared/http/openapi/serve-docs.js';
import { prepareExpress } from './shared/http/prepare-express.js';
import { RequestLog } from './shared/http/request-log.js';
import { withTimeout } from './shared/with-timeout.js';
import { StagingLog } from './staging-log/staging-log.port.js';

/** How long the listeners wait for a database that does not answer at once. */
const DATABASE_PATIENCE_MS = 3_000;
const DATABASE_CLOSE_TIMEOUT_MS = 3_000;
/** Beyond all bounds of the steps; whatever still hangs then does not hold the process. */
const STOP_MARGIN_MS = 30_000;

/** What a person wants to know once it runs. */
export interface ApplicationFacts {
  readonly serverUrl: string;
  readonly clientUrl: string;
  readonly databaseUrl: string;
  readonly database: Database['state'];
  readonly logIdentity: string;
  readonly endOffset: number;
}

/**
 * The process: data directory, database, Nest, listeners, started in this order and stopped in the
 * reverse one. Whatever was started before a step that fails is stopped again.
 */
export class Application {
  private readonly undo: (() => Promise<void>)[] = [];
  private nest!: INestApplication;
  private databaseUrl = '';

  private constructor(
    private readonly config: AppConfig,
    /** Writes what waits of the log, now. */
    readonly flushLog: () => void,
  ) {}

  static async start(config: AppConfig): Promise<Application> {
    const logger = new ApplicationLogger(config.logFormat);
    Logger.overrideLogger(logger);
    const application = new Application(config, () => {
      logger.flush();
    });
    try {
      await application.startAll();
      return application;
    } catch (error) {
      await application.undoAll();
      throw error;
    }
  }

  facts(): ApplicationFacts {
    const [listeners, log] = [this.nest.get(Listeners), this.nest.get(StagingLog)];
    return {
      serverUrl: listeners.serverUrl(),
      clientUrl: listeners.clientUrl(),
      databaseUrl: this.databaseUrl,
      database: this.nest.get(Database).state,
      logIdentity: log.identity,
      endOffset: log.endOffset(),
    };
  }

  /**
   * Readiness first, so that no balancer sends more; then the client's run, whose events go to our
   * own listener; then the listeners, the load in flight, the log, and the database last.
   */
  async stop(): Promise<void> {
    const { drainTimeoutMs } = this.config;
    Logger.log('stopping', 'Application');
    const watchdog = setTimeout(
      () => {
        process.stderr.write('revenue-etl: the shutdown takes too long, giving up\n');
        process.exit(1);
      },
      3 * drainTimeoutMs + STOP_MARGIN_MS,
    );
    this.nest.get(Drain).begin();
    await this.undoAll();
    clearTimeout(watchdog);
    Logger.log('stopped', 'Application');
  }

  private async startAll(): Promise<void> {
    if (this.config.otlpEndpoint !== '') await this.startTracing();
    const owner = await DataDirectoryOwner.acquire(this.config.dataDir);
    this.undo.push(() => owner.release());
    this.databaseUrl = this.config.databaseUrl || (await this.startEmbeddedPostgres());
    await this.startNest();
    const log = this.nest.get(StagingLog);
    owner.tell(() => ({
      logIdentity: log.identity,
      endOffset: log.endOffset(),
      databaseUrl: this.databaseUrl,
    }));
    await this.nest.get(Database).start(DATABASE_PATIENCE_MS);
    await this.openListeners();
  }

  /** Loads OpenTelemetry, which a process without traces does without. Stopped last: it sees all that ends. */
  private async startTracing(): Promise<void> {
    const { Tracing } = await import('./shared/tracing/opentelemetry/tracing.js');
    const tracing = Tracing.start(this.config);
    this.undo.push(() => tracing.stop());
  }

  private async startEmbeddedPostgres(): Promise<string> {
    const logger = new Logger('PostgreSQL');
    const postgres = await EmbeddedPostgres.start({
      dataDir: this.config.dataDir,
      log: {
        info: (message) => {
          logger.log(message);
        },
        warn: (message) => {
          logger.warn(message);
        },
        error: (message) => {
          logger.error(message);
        },
      },
    });
    this.undo.push(() => postgres.stop());
    return postgres.url;
  }

  private async startNest(): Promise<void> {
    // Bodies are read by the routes that have one: the guards come before any byte of it.
    this.nest = await NestFactory.create(AppModule.forRoot(this.databaseUrl), {
      bodyParser: false,
      abortOnError: false,
    });
    this.undo.push(() => this.closeNest());
    const express = this.nest.getHttpAdapter().getInstance() as Express;
    prepareExpress(express, this.nest.get(RequestLog));
    serveDocs(this.nest);
    await this.nest.init();
  }

  private async closeNest(): Promise<void> {
    this.nest.get(Drain).begin();
    const { drainTimeoutMs } = this.config;
    const loads = this.nest
      .get(LoadStatus)
      .idle()
      .then(() => true);
    if (!(await withTimeout(loads, drainTimeoutMs, false))) {
      Logger.warn('the load in flight does not end; its transaction is left to roll back', 'Load');
    }
    await this.nest.get(StagingLog).close();
    // A database that hangs does not hold the process: what it has not committed is loaded again.
    const closed = this.nest
      .get(Database)
      .stop()
      .then(() => this.nest.close());
    await withTimeout(closed, DATABASE_CLOSE_TIMEOUT_MS, undefined);
  }

  private async openListeners(): Promise<void> {
    const listeners = this.nest.get(Listeners);
    this.undo.push(() => listeners.close(this.config.drainTimeoutMs));
    this.undo.push(() => this.nest.get(GenerateEvents).stop());
    await listeners.open(this.nest.getHttpAdapter().getInstance() as Express);
  }

  private async undoAll(): Promise<void> {
    for (let undo = this.undo.pop(); undo !== undefined; undo = this.undo.pop()) {
      // One step that fails must not leave the others undone, a database running, say.
      await undo().catch((error: unknown) => {
        Logger.error(`while stopping: ${String(error)}`, 'Application');
      });
    }
  }
}
