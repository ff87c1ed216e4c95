import { Injectable, Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  CreateUsersRevenue1763800000000,
  ForeignTableError,
} from '../../migrations/1763800000000-create-users-revenue.js';
import { Database, databaseAway } from '../shared/database/database.js';
import { MIGRATION_LOCK } from '../shared/database/migrate.js';
import { describeDatabaseError } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

const TABLE = 'users_revenue';
const MIGRATION = CreateUsersRevenue1763800000000.name;

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
   * @throws Problem when the database is away, or a foreign table has the name.
   */
  create(): Promise<CreatedTable> {
    const created = this.last.then(() => this.createNow());
    this.last = created.catch(() => undefined);
    return created;
  }

  private async createNow(): Promise<CreatedTable> {
    try {
      const stoodBefore = await this.stands();
      const migrated = await this.database.migrate();
      if (await this.stands()) {
        return { table: TABLE, created: !stoodBefore && migrated.includes(MIGRATION) };
      }
      return { table: TABLE, created: await this.createAgain() };
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
  private async createAgain(): Promise<boolean> {
    this.logger.warn(`${TABLE} was dropped: it is made again, and all logs are loaded again`);
    await forgetLoads(this.database.dataSource);
    return (await this.database.migrate()).includes(MIGRATION);
  }

  private async stands(): Promise<boolean> {
    const { dataSource } = this.database;
    return dataSource.isInitialized && (await tableStands(dataSource));
  }
}

/**
 * Asks the catalog itself: in a transaction that waited for a lock, to_regclass alone answers from a
 * cache of before the wait, and a table that was made meanwhile seems missing.
 */
async function tableStands(dataSource: Pick<DataSource, 'query'>): Promise<boolean> {
  const rows: { stands: boolean }[] = await dataSource.query(
    `select exists (select from pg_class
       where relname = $1 and pg_table_is_visible(oid)) as stands`,
    [TABLE],
  );
  return rows[0]?.stands === true;
}

/**
 * Forgets, in one transaction, that the table was made and that any log is loaded. Under the lock of
 * the migrations, and only while there is no table: another call may have made it meanwhile, and
 * loads into it would be forgotten, so counted twice.
 */
async function forgetLoads(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    if (await tableStands(manager)) return;
    await manager.query('delete from load_checkpoint');
    await manager.query('delete from migrations where name = $1', [MIGRATION]);
  });
}
