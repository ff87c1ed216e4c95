import { Injectable, Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  CreateUsersRevenue1763800000000,
  ForeignTableError,
} from '../../migrations/1763800000000-create-users-revenue.js';
import { CreateLoadCheckpoint1763800000001 } from '../../migrations/1763800000001-create-load-checkpoint.js';
import { CreateDeadLetters1763800000002 } from '../../migrations/1763800000002-create-dead-letters.js';
import { Database, databaseAway } from '../shared/database/database.js';
import { MIGRATION_LOCK } from '../shared/database/migrate.js';
import { describeDatabaseError } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

const TABLE = 'users_revenue';
const CHECKPOINTS = 'load_checkpoint';
const MIGRATION = CreateUsersRevenue1763800000000.name;
const MADE_BY = [
  [TABLE, MIGRATION],
  [CHECKPOINTS, CreateLoadCheckpoint1763800000001.name],
  ['dead_letters', CreateDeadLetters1763800000002.name],
] as const;

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
      const migrated = [...(await this.database.migrate()), ...(await this.createDropped())];
      return { table: TABLE, created: !stoodBefore && migrated.includes(MIGRATION) };
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (error instanceof ForeignTableError) {
        throw new Problem({ status: 409, code: error.code, detail: error.message });
      }
      throw databaseAway(describeDatabaseError(error));
    }
  }

  /** Makes again what somebody dropped after it was made. Answers with the migrations that ran. */
  private async createDropped(): Promise<string[]> {
    const dropped = await forgetDropped(this.database.dataSource);
    if (dropped.length === 0) return [];
    const again = dropped.includes(TABLE) ? '; all logs are loaded again' : '';
    this.logger.warn(`made again after it was dropped: ${dropped.join(', ')}${again}`);
    return this.database.migrate();
  }

  private async stands(): Promise<boolean> {
    const { dataSource } = this.database;
    return dataSource.isInitialized && (await tableStands(dataSource, TABLE));
  }
}

/**
 * Asks the catalog itself: in a transaction that waited for a lock, to_regclass alone answers from a
 * cache of before the wait, and a table that was made meanwhile seems missing.
 */
async function tableStands(on: Pick<DataSource, 'query'>, table: string): Promise<boolean> {
  const rows: { stands: boolean }[] = await on.query(
    `select exists (select from pg_class
       where relname = $1 and pg_table_is_visible(oid)) as stands`,
    [table],
  );
  return rows[0]?.stands === true;
}

/**
 * Forgets, in one transaction, that the tables which are not there any more were made. An empty
 * table of balances would be wrong while checkpoints say that events are loaded, so these go too.
 * Under the lock of the migrations: another call may have made the tables meanwhile, and loads into
 * them would be forgotten, so counted twice.
 * @throws Problem 409 when the checkpoints alone were dropped: loading all again would double.
 */
function forgetDropped(dataSource: DataSource): Promise<string[]> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const dropped: string[] = [];
    for (const [table, migration] of MADE_BY) {
      if (await tableStands(manager, table)) continue;
      dropped.push(table);
      await manager.query('delete from migrations where name = $1', [migration]);
    }
    const checkpointsDropped = dropped.includes(CHECKPOINTS);
    if (checkpointsDropped && !dropped.includes(TABLE)) throw checkpointsMissing();
    if (dropped.includes(TABLE) && !checkpointsDropped) {
      await manager.query(`delete from ${CHECKPOINTS}`);
    }
    return dropped;
  });
}

function checkpointsMissing(): Problem {
  const detail = `${CHECKPOINTS} was dropped, so nobody knows what ${TABLE} holds; restore it, or drop ${TABLE} too and call this again: then all logs are loaded again`;
  return new Problem({ status: 409, code: 'CHECKPOINT_DROPPED', detail });
}
