import { Injectable } from '@nestjs/common';
import { DeadLetterCount } from '../dead-letters/dead-letters.port.js';
import { LoadStatus, type Checkpoint, type LoadReport } from '../processor/processor.port.js';
import { StagingLog } from '../staging-log/staging-log.port.js';
import { measureLag, UNKNOWN_LAG, type Lag } from './measure-lag.js';

/** How far things are. What is not known is null, never 0. */
export interface Status {
  readonly log: { readonly endOffset: number; readonly segments: number; readonly bytes: number };
  readonly checkpoint: {
    readonly offset: number;
    readonly timestamp: number | null;
    readonly events: number;
  } | null;
  readonly lag: Lag;
  readonly lastLoad: LoadReport | null;
  readonly deadLetters: number | null;
}

@Injectable()
export class StatusService {
  constructor(
    private readonly log: StagingLog,
    private readonly loads: LoadStatus,
    private readonly deadLetters: DeadLetterCount,
  ) {}

  async status(): Promise<Status> {
    // First: a report that is read after the checkpoint may tell of a load beyond it.
    const lastLoad = await this.loads.lastLoad();
    const [found, deadLetters] = await Promise.all([
      this.loads.checkpoint(),
      this.deadLetters.countOpen(),
    ]);
    const endOffset = this.log.endOffset();
    const checkpoint =
      found === null
        ? null
        : { offset: found.offset, timestamp: found.timestamp, events: found.events };
    return {
      log: { endOffset, ...this.log.size() },
      checkpoint,
      lag: await this.lag(found),
      lastLoad,
      deadLetters,
    };
  }

  /** Unknown, too, while the log is not the one that the checkpoint was taken of. */
  private async lag(checkpoint: Checkpoint | null): Promise<Lag> {
    const wrongLog = this.loads.logStanding().kind === 'wrong-log';
    return wrongLog ? UNKNOWN_LAG : measureLag(this.log, checkpoint);
  }
}
