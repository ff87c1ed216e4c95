import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { LoadStatus } from '../processor/processor.port.js';
import { AppConfig } from '../shared/config/app-config.js';
import { Database } from '../shared/database/database.js';
import { Drain } from '../shared/drain.js';
import { LogRetention, type RetentionRules } from '../staging-log/log-retention.port.js';
import { StagingLogReader } from '../staging-log/staging-log.port.js';
import { retireOldest } from './retire-oldest.js';

const DAY_MS = 86_400_000;
const LOOK_MS_MAX = 60_000;
const LOOK_MS_MIN = 1_000;

/**
 * Looks after the oldest segments every minute (more often where `RETENTION_DAYS` is less than that), as
 * long as loads go on. One segment after the other; whatever keeps one is told once, and looked at again.
 */
@Injectable()
export class RetentionService implements OnApplicationBootstrap {
  private readonly logger = new Logger('Retention');
  private readonly rules: RetentionRules;
  private readonly lookMs: number;
  private complaint: string | null = null;

  constructor(
    private readonly log: StagingLogReader,
    private readonly retention: LogRetention,
    private readonly loads: LoadStatus,
    private readonly database: Database,
    private readonly drain: Drain,
    config: AppConfig,
  ) {
    const loadedForMs = config.retentionDays * DAY_MS;
    this.rules = { action: config.retentionAction, loadedForMs };
    this.lookMs = Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, loadedForMs));
  }

  onApplicationBootstrap(): void {
    if (this.rules.loadedForMs > 0) this.lookLater();
  }

  private lookLater(): void {
    if (this.drain.begun) return;
    // The first look comes soon after the first load, whenever that is.
    const delayMs = this.loads.logStanding().kind === 'unknown' ? LOOK_MS_MIN : this.lookMs;
    setTimeout(() => void this.look(), delayMs).unref();
  }

  private async look(): Promise<void> {
    try {
      let goesOn = true;
      while (goesOn && this.isSafe()) goesOn = await this.retireOne();
    } catch (error) {
      if (!this.drain.begun) this.complain(`nothing is retired now: ${String(error)}`);
    }
    this.lookLater();
  }

  /** Nothing goes while it is not certain that this database has loaded this log. */
  private isSafe(): boolean {
    const isRight = this.loads.logStanding().kind === 'right';
    return isRight && this.database.state.kind === 'ready' && !this.drain.begun;
  }

  /** @returns whether there may be another one. */
  private async retireOne(): Promise<boolean> {
    const { log, retention, rules } = this;
    const { dataSource } = this.database;
    const stop = this.drain.signal;
    const outcome = await retireOldest({ log, retention, dataSource, rules, stop });
    this.complain(outcome.kind === 'kept' ? outcome.message : null);
    if (outcome.kind !== 'retired') return false;
    const { first, end } = outcome.segment;
    const done = rules.action === 'archive' ? 'archived' : 'deleted';
    this.logger.log(`${done} the segment of offsets ${first} to ${end}`);
    return true;
  }

  private complain(complaint: string | null): void {
    if (complaint === this.complaint) return;
    this.complaint = complaint;
    if (complaint !== null) this.logger.warn(complaint);
  }
}
