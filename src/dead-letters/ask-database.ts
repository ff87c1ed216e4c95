import type { EntityManager } from 'typeorm';
import { databaseAway, type Database } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

/**
 * For a route: what `work` answers with.
 * @throws Problem 503 when the database is away, fails, or has no tables yet.
 */
export async function askDatabase<T>(
  database: Database,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const { manager } = database.requireReady();
  try {
    return await work(manager);
  } catch (error) {
    if (sqlStateOf(error) === SQL_STATE.undefinedTable) throw tableMissing();
    throw databaseAway(describeDatabaseError(error));
  }
}

function tableMissing(): Problem {
  const detail = 'the tables of dead letters do not exist yet: call GET /createTable';
  return new Problem({ status: 503, code: 'TABLE_MISSING', detail, retryAfterSeconds: 5 });
}
