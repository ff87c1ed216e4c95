import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { Drain } from '../drain.js';
import { Problem } from '../http/problem.js';
import { runPendingMigrations } from './migrate.js';
import { describeDatabaseError } from './sql-state.js';

export type DatabaseState =
  { readonly kind: 'ready' } | { readonly kind: 'away'; readonly reason: string };

const RETRY_FIRST_DELAY_MS = 250;
const RETRY_DELAY_MAX_MS = 5_000;

/**
 * The connection to PostgreSQL, made in the background and for as long as it takes: accepting events
 * does not depend on it.
 *
 * States: away (connecting, or the boot's migrations are refused; tries again), ready (for good:
 * from then on a lost server shows in the queries that fail, and the pool connects anew).
 */
@Injectable()
export class Database {
  private readonly logger = new Logger('Database');
  private current: DatabaseState = { kind: 'away', reason: 'connecting' };
  private connecting: Promise<void> | null = null;

  constructor(
    @InjectDataSource() readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly drain: Drain,
  ) {}

  get state(): DatabaseState {
    return this.current;
  }

  /** Begins to connect; resolves at the first success, or after `patienceMs` without one. */
  async start(patienceMs: number): Promise<void> {
    this.connecting ??= this.connectUntilReady();
    await Promise.race([this.connecting, sleep(patienceMs, undefined, { ref: false })]);
  }

  /** @throws Problem 503 while there is no database to ask. */
  requireReady(): DataSource {
    if (this.current.kind === 'ready') return this.dataSource;
    throw databaseAway(this.current.reason);
  }

  /** Runs what is pending, under the advisory lock. @throws what the migrations throw. */
  async migrate(): Promise<string[]> {
    await this.initialize();
    const names = await runPendingMigrations(this.dataSource);
    if (names.length > 0) this.logger.log(`migrated: ${names.join(', ')}`);
    return names;
  }

  async stop(): Promise<void> {
    await this.connecting;
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async connectUntilReady(): Promise<void> {
    let told = '';
    for (let delayMs = RETRY_FIRST_DELAY_MS; !this.drain.begun;) {
      try {
        await this.initialize();
        if (this.config.migrationsRun) await this.migrate();
        this.current = { kind: 'ready' };
        return;
      } catch (error) {
        const reason = describeDatabaseError(error);
        this.current = { kind: 'away', reason };
        if (reason !== told) this.logger.warn(`no database yet, events are accepted: ${reason}`);
        told = reason;
      }
      await sleep(delayMs, undefined, { signal: this.drain.signal }).catch(() => undefined);
      delayMs = Math.min(RETRY_DELAY_MAX_MS, delayMs * 2);
    }
  }

  private async initialize(): Promise<void> {
    if (this.dataSource.isInitialized) return;
    await this.dataSource.initialize();
    const [row] =
      await this.dataSource.query<{ server_encoding: string }[]>('show server_encoding');
    if (row?.server_encoding === 'UTF8') return;
    await this.dataSource.destroy();
    const encoding = row?.server_encoding ?? 'unknown';
    throw new Error(`the database has the encoding ${encoding}, but user ids need UTF8`);
  }
}

/** The answer to whoever asks for what only the database knows, while it is away. */
export function databaseAway(reason: string): Problem {
  const detail = `the database does not answer (${reason}); events are accepted all the same`;
  return new Problem({ status: 503, code: 'DATABASE_AWAY', detail, retryAfterSeconds: 2 });
}
