import { appendFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { LoadReport } from '../../../src/processor/load-report.js';
import { Processor, type ProcessorOptions } from '../../../src/processor/processor.js';
import { dataSourceOptions } from '../../../src/shared/database/data-source-options.js';
import { runPendingMigrations } from '../../../src/shared/database/migrate.js';
import { encodeEventPayload } from '../../../src/shared/event/event-codec.js';
import type { EventName } from '../../../src/shared/event/event.js';
import { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { LogFiles } from '../../../src/staging-log/files/log-files.js';
import type { StagingLog, StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

export interface DeadLetterRow {
  readonly offset: string;
  readonly length: string;
  readonly bytes: Buffer;
  readonly code: string;
  readonly message: string;
  readonly state: string;
}

/**
 * A migrated database, data directories and logs of a spec file's own. `reset` empties them between
 * its tests, `remove` ends them all.
 */
export class LoadHarness {
  readonly reports: LoadReport[] = [];
  private round = 0;
  private readonly undo: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly topDirectory: string,
    readonly dataSource: DataSource,
  ) {}

  static async create(): Promise<LoadHarness> {
    const database = await createTestDatabase();
    const directory = await mkdtemp(join(tmpdir(), 'revenue-etl-load-'));
    const dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    await runPendingMigrations(dataSource);
    const harness = new LoadHarness(database, directory, dataSource);
    await harness.reset();
    return harness;
  }

  get directory(): string {
    return join(this.topDirectory, String(this.round));
  }

  /** Empty tables, and a new place for data directories. */
  async reset(): Promise<void> {
    await this.closeAll();
    this.reports.length = 0;
    this.round += 1;
    await mkdir(this.directory);
    await this.dataSource.query(
      `truncate users_revenue, load_checkpoint, dead_letters, resubmissions, loads, revenue_history,
         user_revenue_history, user_history_state`,
    );
  }

  async remove(): Promise<void> {
    await this.closeAll();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.database.drop();
    await rm(this.topDirectory, { recursive: true, force: true });
  }

  private async closeAll(): Promise<void> {
    for (let step = this.undo.pop(); step !== undefined; step = this.undo.pop()) await step();
  }

  /** A pool of its own, as another process would have one. */
  async connect(url = this.database.url): Promise<DataSource> {
    const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
    this.undo.push(() => (dataSource.isInitialized ? dataSource.destroy() : Promise.resolve()));
    return dataSource;
  }

  dataDir(name = 'data'): string {
    return join(this.directory, name);
  }

  segment(name = 'data'): string {
    return join(this.dataDir(name), 'staging', `${'0'.repeat(20)}.jsonl`);
  }

  async openLog(
    name = 'data',
    overrides: {
      readonly files?: LogFiles;
      readonly now?: () => number;
      readonly segmentBytesMax?: number;
    } = {},
  ): Promise<LocalStagingLog> {
    const log = await LocalStagingLog.open({
      dataDir: this.dataDir(name),
      segmentBytesMax: 64 * 1024 * 1024,
      dedupeIdsMax: 1_000,
      dedupeWindowSeconds: 3_600,
      appendQueueBytesMax: 1024 ** 3,
      backlogBytesMax: 0,
      diskFreeBytesMin: 0,
      report: () => undefined,
      ...overrides,
    });
    this.undo.push(() => log.close());
    return log;
  }

  /** Writes bytes into the segment behind the log's back, then opens the log. */
  async openLogWith(bytes: Buffer | string, name = 'data'): Promise<LocalStagingLog> {
    await (await this.openLog(name)).close();
    await appendFile(this.segment(name), bytes);
    return this.openLog(name);
  }

  async copyDataDir(from: string, to: string): Promise<void> {
    await cp(this.dataDir(from), this.dataDir(to), { recursive: true });
  }

  processor(log: StagingLogReader, overrides: Partial<ProcessorOptions> = {}): Processor {
    return new Processor({
      dataSource: this.dataSource,
      log,
      dataDir: this.directory,
      bounds: { usersMax: 100_000, readMsMax: 60_000 },
      historyHoursMax: 2_208,
      pool: null,
      stop: new AbortController().signal,
      onCheckpoint: () => undefined,
      onLoad: (report) => this.reports.push(report),
      ...overrides,
    });
  }

  async balances(): Promise<Record<string, string>> {
    const rows: { user_id: string; revenue: string }[] = await this.dataSource.query(
      'select user_id, trim_scale(revenue)::text as revenue from users_revenue order by user_id',
    );
    return Object.fromEntries(rows.map((row) => [row.user_id, row.revenue]));
  }

  async checkpoints(): Promise<Record<string, unknown>[]> {
    return this.dataSource.query(
      `select log_id, "offset"::float8 as "offset", fingerprint, "timestamp"::float8 as "timestamp",
              events::float8 as events from load_checkpoint order by log_id`,
    );
  }

  async deadLetters(): Promise<DeadLetterRow[]> {
    return this.dataSource.query(
      'select "offset", length, bytes, code, message, state from dead_letters order by "offset"',
    );
  }

  /** Resolves when so many connections to this database wait for a lock. */
  async untilBlocked(count: number): Promise<void> {
    for (;;) {
      const [row]: { blocked: number }[] = await this.dataSource.query(
        `select count(*)::int as blocked from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (row?.blocked === count) return;
      await sleep(5);
    }
  }

  async mirror(): Promise<unknown> {
    return JSON.parse(await readFile(join(this.directory, 'checkpoint.json'), 'utf8'));
  }
}

export type TestEvent = readonly [userId: string, value: number, name?: EventName];

/** Appends events as ingest does, all in one call. */
export async function append(log: StagingLog, ...events: readonly TestEvent[]): Promise<void> {
  const records = events.map(([userId, value, name = 'add_revenue']) => ({
    payload: encodeEventPayload({ userId, name, value }),
  }));
  const result = await log.append(records);
  if (result.kind !== 'durable') throw new Error(`the log refused: ${result.message}`);
}

/** A record as it stands in a segment. */
export const recordLine = (userId: string, value: number, timestamp = 1_763_800_000_000): string =>
  `${JSON.stringify({ timestamp, userId, name: 'add_revenue', value })}\n`;
