import { Injectable } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { DeadLetterCount } from './dead-letters.port.js';

@Injectable()
export class CountDeadLetters extends DeadLetterCount {
  constructor(private readonly database: Database) {
    super();
  }

  async countOpen(): Promise<number | null> {
    if (this.database.state.kind !== 'ready') return null;
    try {
      const rows: { count: string }[] = await this.database.dataSource.query(
        `select count(*) as count from dead_letters where state = 'open'`,
      );
      return Number(rows[0]?.count);
    } catch {
      return null; // away again: unknown, not zero
    }
  }
}
