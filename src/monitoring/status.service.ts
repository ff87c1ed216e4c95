import { Injectable } from '@nestjs/common';
import { DeadLetterCount } from '../dead-letters/dead-letters.port.js';
import { LoadStatus, type LoadReport } from '../processor/processor.port.js';
import { StagingLog } from '../staging-log/staging-log.port.js';
import { measureLag, type Lag } from './measure-lag.js';

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

  /** Never rejects: what cannot be found out is unknown. */
  async status(): Promise<Status> {
    const { loads } = this;
    const [asked, deadLetters] = await Promise.all([
      loads.checkpoint(),
      this.deadLetters.countOpen(),
    ]);
    const lastLoad = await loads.lastLoad();
    // It may have been committed since the checkpoint was read, which has moved then.
    const isBehind = asked !== null && lastLoad !== null && asked.offset < lastLoad.toOffset;
    const found = isBehind ? await loads.checkpoint() : asked;
    const endOffset = this.log.endOffset();
    const checkpoint =
      found === null
        ? null
        : { offset: found.offset, timestamp: found.timestamp, events: found.events };
    return {
      log: { endOffset, ...this.log.size() },
      checkpoint,
      lag: await measureLag(this.log, found, loads.logStanding()),
      lastLoad,
      deadLetters,
    };
  }
}
