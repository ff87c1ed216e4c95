import { Injectable } from '@nestjs/common';
import { DeadLetterCount } from '../../dead-letters/dead-letters.port.js';
import { EventCounts } from '../../ingest/ingest.port.js';
import { LoadStatus, type Checkpoint } from '../../processor/processor.port.js';
import { AppConfig } from '../../shared/config/app-config.js';
import { Database } from '../../shared/database/database.js';
import { withTimeout } from '../../shared/with-timeout.js';
import { StagingLog } from '../../staging-log/staging-log.port.js';
import { HealthService } from '../health.service.js';
import { measureLag, UNKNOWN_LAG, type Lag } from '../measure-lag.js';
import type { Snapshot } from './snapshot.js';

/** Scrapers give up after 10 s, by default. */
const ANSWER_TIMEOUT_MS = 2_000;

type FromDatabase = Pick<Snapshot, 'databaseUp' | 'checkpoint' | 'deadLettersOpen'>;

/** Asks all contexts how things are. */
@Injectable()
export class Snapshots {
  private pinging: Promise<boolean> | null = null;

  constructor(
    private readonly events: EventCounts,
    private readonly log: StagingLog,
    private readonly loads: LoadStatus,
    private readonly deadLetters: DeadLetterCount,
    private readonly health: HealthService,
    private readonly database: Database,
    private readonly config: AppConfig,
  ) {}

  /** Takes 4 s at most, while the database hangs. Never rejects. */
  async take(): Promise<Snapshot> {
    const { events, log, loads, health, config } = this;
    const asked = await this.askDatabase();
    const lag = await this.lag(asked.checkpoint);
    return {
      ...{ ...asked, lag, events, config },
      log: log.figures(),
      endOffset: log.endOffset(),
      size: log.size(),
      disk: log.diskSpace(),
      loads: loads.figures(),
      loadFailing: loads.trouble() !== null,
      ready: health.isReady(),
    };
  }

  /** Further questions only once the first one is answered: of a server that hangs, they would pile up. */
  private async askDatabase(): Promise<FromDatabase> {
    const { loads } = this;
    if (!(await withTimeout(this.ping(), ANSWER_TIMEOUT_MS, false))) {
      return { databaseUp: false, checkpoint: loads.knownCheckpoint(), deadLettersOpen: null };
    }
    const [checkpoint, deadLettersOpen] = await Promise.all([
      loads.checkpoint(),
      this.deadLetters.countOpen(),
    ]);
    return { databaseUp: true, checkpoint, deadLettersOpen };
  }

  /** One at a time: who asks meanwhile gets the same answer. */
  private ping(): Promise<boolean> {
    const { database } = this;
    if (database.state.kind !== 'ready') return Promise.resolve(false);
    this.pinging ??= database.dataSource
      .query('select 1')
      .then(
        () => true,
        () => false,
      )
      .finally(() => (this.pinging = null));
    return this.pinging;
  }

  /** Unknown, too, while the log is not the one that the checkpoint was taken of, or cannot be read. */
  private async lag(checkpoint: Checkpoint | null): Promise<Lag> {
    if (this.loads.logStanding().kind === 'wrong-log') return UNKNOWN_LAG;
    return measureLag(this.log, checkpoint).catch(() => UNKNOWN_LAG);
  }
}
