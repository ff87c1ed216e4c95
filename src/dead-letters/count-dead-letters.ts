import { Injectable } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { withTimeout } from '../shared/with-timeout.js';
import { DeadLetterCount } from './dead-letters.port.js';

const ANSWER_TIMEOUT_MS = 2_000;

@Injectable()
export class CountDeadLetters extends DeadLetterCount {
  constructor(private readonly database: Database) {
    super();
  }

  async countOpen(): Promise<number | null> {
    if (this.database.state.kind !== 'ready') return null;
    // Away again, or hanging: unknown, not zero.
    return withTimeout(
      this.count().catch(() => null),
      ANSWER_TIMEOUT_MS,
      null,
    );
  }

  private async count(): Promise<number> {
    const rows: { count: string }[] = await this.database.dataSource.query(
      `select count(*) as count from dead_letters where state = 'open'`,
    );
    return Number(rows[0]?.count);
  }
}
