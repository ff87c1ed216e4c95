import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AppConfig } from '../shared/config/app-config.js';
import { Database } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Drain } from '../shared/drain.js';
import { withTimeout } from '../shared/with-timeout.js';
import { StagingLog } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';
import type { LoadReport } from './load-report.js';
import { LoadTally } from './load-tally.js';
import type { LogStanding } from './log-standing.js';
import { readLastLoad } from './past-loads.js';
import { LoadStatus, type LoadFigures } from './processor.port.js';
import { Processor } from './processor.js';
import { readCheckpoint } from './read-checkpoint.js';
import { FoldPool } from './workers/fold-pool.js';

/** A database that hangs must not make the status hang. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Runs the processor on the ticks of `LOAD_CRON`, and remembers what came of it. */
@Injectable()
export class LoadService
  extends LoadStatus
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  private readonly logger = new Logger('Load');
  private readonly pool = new FoldPool();
  private readonly processor: Processor;
  private readonly tally = new LoadTally();
  /** As it was read last, or committed. */
  private lastCheckpoint: Checkpoint | null = null;
  /** The last load, as long as the checkpoint is at this offset; null: nobody knows. */
  private newest: { readonly report: LoadReport | null; readonly offset: number } | null = null;
  private standing: LogStanding = { kind: 'unknown' };
  /** What the last tick complained of: a complaint that lasts is logged once, not every second. */
  private complaint: string | null = null;

  constructor(
    private readonly database: Database,
    private readonly log: StagingLog,
    drain: Drain,
    private readonly config: AppConfig,
  ) {
    super();
    this.processor = new Processor({
      dataSource: database.dataSource,
      log,
      dataDir: config.dataDir,
      bounds: {
        usersMax: config.loadUsersMax,
        readMsMax: config.loadReadMsMax,
        byHour: config.userHistory,
      },
      historyHoursMax: config.historyHoursMax,
      pool: this.pool,
      stop: drain.signal,
      onCheckpoint: (checkpoint) => {
        this.standing = { kind: 'right' };
        this.lastCheckpoint = checkpoint;
        log.noteLoaded(checkpoint.offset);
      },
      onLoad: (report) => {
        this.newest = { report, offset: report.toOffset };
        this.tally.noteLoad(report);
      },
      onRetry: (sqlState) => {
        this.tally.noteRetry(sqlState);
      },
    });
  }

  /** Never rejects: what went wrong is logged, and the next tick tries again. */
  async tick(): Promise<void> {
    if (this.database.state.kind !== 'ready') return; // Database tells why
    try {
      const outcome = await this.processor.runOnce();
      if (outcome.kind === 'wrong-log') this.standing = outcome;
      this.complain(outcome.kind === 'wrong-log' ? `${outcome.code}: ${outcome.message}` : null);
    } catch (error) {
      this.tally.noteFailure(error);
      this.complain(`no load now, the next tick tries again: ${explain(error)}`);
    }
  }

  async checkpoint(): Promise<Checkpoint | null> {
    if (this.database.state.kind !== 'ready') return this.lastCheckpoint;
    const known = this.askCheckpoint().catch(() => this.lastCheckpoint);
    return withTimeout(known, ANSWER_TIMEOUT_MS, this.lastCheckpoint);
  }

  knownCheckpoint(): Checkpoint | null {
    return this.lastCheckpoint;
  }

  trouble(): string | null {
    return this.complaint;
  }

  /** Asks the database only when the checkpoint is elsewhere since: then another process has loaded this log. */
  async lastLoad(): Promise<LoadReport | null> {
    const { newest, lastCheckpoint } = this;
    const known = newest?.report ?? null;
    const isNewest = newest !== null && newest.offset === lastCheckpoint?.offset;
    if (isNewest || this.database.state.kind !== 'ready') return known;
    const read = this.askLastLoad(lastCheckpoint).catch(() => known);
    return withTimeout(read, ANSWER_TIMEOUT_MS, known);
  }

  figures(): LoadFigures {
    return this.tally;
  }

  logStanding(): LogStanding {
    return this.standing;
  }

  idle(): Promise<void> {
    return this.processor.idle();
  }

  onApplicationBootstrap(): void {
    this.pool.warmUp(this.config.userHistory);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }

  /** What a tick found out or committed meanwhile is newer than this answer. */
  private async askCheckpoint(): Promise<Checkpoint | null> {
    const before = this.lastCheckpoint;
    const found = await readCheckpoint(this.database.dataSource.manager, this.log.identity);
    if (this.lastCheckpoint === before) this.lastCheckpoint = found;
    return this.lastCheckpoint;
  }

  /** Asked while the checkpoint was this one: once it moves, the answer may be another. */
  private async askLastLoad(checkpoint: Checkpoint | null): Promise<LoadReport | null> {
    const before = this.newest;
    const report = await readLastLoad(this.database.dataSource.manager, this.log.identity);
    if (checkpoint !== null && this.newest === before) {
      this.newest = { report, offset: checkpoint.offset };
    }
    return report;
  }

  private complain(complaint: string | null): void {
    if (complaint === this.complaint) return;
    this.complaint = complaint;
    if (complaint === null) this.logger.log('loads go on');
    else this.logger.error(complaint);
  }
}

function explain(error: unknown): string {
  const text = describeDatabaseError(error);
  const remedy = '; GET /createTable creates what is missing';
  return sqlStateOf(error) === SQL_STATE.undefinedTable ? text + remedy : text;
}
