import { databaseAway, type Database } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

export interface TableQuery {
  /** What the query needs, for the one who has to make it. */
  readonly table: string;
  readonly sql: string;
  readonly parameters?: readonly unknown[];
}

/** @throws Problem 503 while there is no database, or no such table. */
export async function askTable<Row>(
  database: Database,
  { table, sql, parameters = [] }: TableQuery,
): Promise<Row[]> {
  const dataSource = database.requireReady();
  try {
    return await dataSource.query(sql, [...parameters]);
  } catch (error) {
    if (sqlStateOf(error) !== SQL_STATE.undefinedTable) {
      throw databaseAway(describeDatabaseError(error));
    }
    const detail = `the table ${table} does not exist yet: call GET /createTable`;
    throw new Problem({ status: 503, code: 'TABLE_MISSING', detail, retryAfterSeconds: 5 });
  }
}
