import { Injectable } from '@nestjs/common';
import { DeadLetterCount } from '../../dead-letters/dead-letters.port.js';
import { EventCounts } from '../../ingest/ingest.port.js';
import { LoadStatus } from '../../processor/processor.port.js';
import { AppConfig } from '../../shared/config/app-config.js';
import { StagingLog } from '../../staging-log/staging-log.port.js';
import { DatabaseProbe } from '../database-probe.js';
import { HealthService } from '../health.service.js';
import { measureLag } from '../measure-lag.js';
import type { Snapshot } from './snapshot.js';

type FromDatabase = Pick<
  Snapshot,
  'databaseUp' | 'checkpoint' | 'deadLettersOpen' | 'claimsUnfinished'
>;

/** Asks all contexts how things are. */
@Injectable()
export class Snapshots {
  constructor(
    private readonly events: EventCounts,
    private readonly log: StagingLog,
    private readonly loads: LoadStatus,
    private readonly deadLetters: DeadLetterCount,
    private readonly health: HealthService,
    private readonly database: DatabaseProbe,
    private readonly config: AppConfig,
  ) {}

  /** Takes some 3 s at most, while the database hangs; scrapers give up after 10 s, by default. Never rejects. */
  async take(): Promise<Snapshot> {
    const { events, log, loads, health, config } = this;
    const asked = await this.askDatabase();
    const lag = await measureLag(log, asked.checkpoint, loads.logStanding());
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
    const { loads, deadLetters } = this;
    if ((await this.database.look(0)).kind === 'away') {
      const unknown = { deadLettersOpen: null, claimsUnfinished: null };
      return { databaseUp: false, checkpoint: loads.knownCheckpoint(), ...unknown };
    }
    const [checkpoint, deadLettersOpen, claimsUnfinished] = await Promise.all([
      loads.checkpoint(),
      deadLetters.countOpen(),
      deadLetters.countUnfinished(),
    ]);
    return { databaseUp: true, checkpoint, deadLettersOpen, claimsUnfinished };
  }
}
