import { Injectable, Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  CreateUsersRevenue1763800000000,
  ForeignTableError,
} from '../../migrations/1763800000000-create-users-revenue.js';
import { Database, databaseAway } from '../shared/database/database.js';
import { describeDatabaseError } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

const TABLE = 'users_revenue';

export interface CreatedTable {
  readonly table: string;
  /** False when it stood already. */
  readonly created: boolean;
}

/** Creates what is missing in the database. */
@Injectable()
export class CreateTableService {
  private readonly logger = new Logger('Revenue');

  constructor(private readonly database: Database) {}

  /** @throws Problem when the database is away, or a foreign table has the name. */
  async create(): Promise<CreatedTable> {
    try {
      const stoodBefore = await this.stands();
      await this.database.migrate();
      if (!(await this.stands())) await this.createAgain();
      return { table: TABLE, created: !stoodBefore };
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (error instanceof ForeignTableError) {
        throw new Problem({ status: 409, code: error.code, detail: error.message });
      }
      throw databaseAway(describeDatabaseError(error));
    }
  }

  /**
   * Somebody dropped the table after it was made. An empty one would be wrong while the checkpoints
   * say that its events are loaded, so those go too, and every log is loaded again from its start.
   */
  private async createAgain(): Promise<void> {
    this.logger.warn(`${TABLE} was dropped: it is made again, and all logs are loaded again`);
    await forgetLoads(this.database.dataSource);
    await this.database.migrate();
  }

  private async stands(): Promise<boolean> {
    const { dataSource } = this.database;
    return dataSource.isInitialized && (await tableStands(dataSource));
  }
}

async function tableStands(dataSource: DataSource): Promise<boolean> {
  const rows: { stands: boolean }[] = await dataSource.query(
    'select to_regclass($1) is not null as stands',
    [TABLE],
  );
  return rows[0]?.stands === true;
}

/**
 * Forgets, in one transaction, that the table was made and that any log is loaded.
 */
async function forgetLoads(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.query('delete from load_checkpoint');
    await manager.query('delete from migrations where name = $1', [
      CreateUsersRevenue1763800000000.name,
    ]);
  });
}
