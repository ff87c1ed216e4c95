import { Injectable, Logger } from '@nestjs/common';
import { Database, databaseAway } from '../shared/database/database.js';
import {
  BALANCES_MIGRATION,
  BALANCES_TABLE,
  forgetDropped,
  TableDroppedError,
  tableStands,
} from '../shared/database/forget-dropped-tables.js';
import { describeDatabaseError } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

export interface CreatedTable {
  readonly table: string;
  /** False when it stood already. */
  readonly created: boolean;
}

/** Creates what is missing in the database. */
@Injectable()
export class CreateTableService {
  private readonly logger = new Logger('Revenue');
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: Database) {}

  /**
   * One call at a time: each waits for the migrations' lock on a connection and needs another one
   * to work, so that a few together would hold the whole pool.
   * @throws Problem when the database is away, a foreign table has the name, or a table was dropped without which
   * nobody knows what the balances hold.
   */
  create(): Promise<CreatedTable> {
    const created = this.last.then(() => this.createNow());
    this.last = created.catch(() => undefined);
    return created;
  }

  private async createNow(): Promise<CreatedTable> {
    try {
      const stoodBefore = await this.stands();
      const migrated = [...(await this.database.migrate()), ...(await this.createDropped())];
      return {
        table: BALANCES_TABLE,
        created: !stoodBefore && migrated.includes(BALANCES_MIGRATION),
      };
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (error instanceof TableDroppedError || isForeignTable(error)) {
        throw new Problem({ status: 409, code: error.code, detail: error.message });
      }
      throw databaseAway(describeDatabaseError(error));
    }
  }

  /** Makes again what somebody dropped after it was made. Answers with the migrations that ran. */
  private async createDropped(): Promise<string[]> {
    const dropped = await forgetDropped(this.database.dataSource);
    if (dropped.length === 0) return [];
    const again = dropped.includes(BALANCES_TABLE) ? '; all logs are loaded again' : '';
    this.logger.warn(`made again after it was dropped: ${dropped.join(', ')}${again}`);
    return this.database.migrate();
  }

  private async stands(): Promise<boolean> {
    const { dataSource } = this.database;
    return dataSource.isInitialized && (await tableStands(dataSource, BALANCES_TABLE));
  }
}

/** What a migration says that finds a table of its name which this system did not make. */
function isForeignTable(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && error.code === 'TABLE_FOREIGN';
}
