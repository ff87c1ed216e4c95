import { Injectable } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { withTimeout } from '../shared/with-timeout.js';
import { DeadLetterCount } from './dead-letters.port.js';

const ANSWER_TIMEOUT_MS = 2_000;
/** By then whoever owns the log of a claim has sent it again several times. */
const CLAIM_MINUTES_MAX = 5;

@Injectable()
export class CountDeadLetters extends DeadLetterCount {
  constructor(private readonly database: Database) {
    super();
  }

  countOpen(): Promise<number | null> {
    return this.count(`select count(*) as count from dead_letters where state = 'open'`);
  }

  /** By the index of what is loaded: it costs what there is of claims, and not of corrections. */
  countUnfinished(): Promise<number | null> {
    return this.count(
      `select count(*) as count
         from resubmissions as r
         join dead_letters as d on d.log_id = r.log_id and d."offset" = r."offset"
        where r.loaded_log_id is null and d.state = 'claimed'
          and r.claimed_at < now() - ${CLAIM_MINUTES_MAX} * interval '1 minute'`,
    );
  }

  /** Away again, or hanging: unknown, not zero. */
  private async count(sql: string): Promise<number | null> {
    if (this.database.state.kind !== 'ready') return null;
    const counted = this.database.dataSource
      .query<{ count: string }[]>(sql)
      .then(([row]) => Number(row?.count));
    return withTimeout(
      counted.catch(() => null),
      ANSWER_TIMEOUT_MS,
      null,
    );
  }
}
