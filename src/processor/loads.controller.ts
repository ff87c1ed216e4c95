import { Controller, Get, Query } from '@nestjs/common';
import { Database, databaseAway } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { LOADS_DOCS } from './loads.docs.js';
import { LoadsQuery } from './loads.query.js';
import { readLoads, type LoadsPage, type StoredLoad } from './past-loads.js';

interface LoadsAnswer {
  readonly loads: readonly StoredLoad[];
  /** What to pass as `before` for the next page; null on the last one. */
  readonly next: number | null;
}

@Controller('loads')
export class LoadsController {
  constructor(private readonly database: Database) {}

  @Get()
  @Describe(LOADS_DOCS)
  async list(@Query() { limit, before }: LoadsQuery): Promise<LoadsAnswer> {
    const found = await this.read({ limit: limit + 1, before });
    const loads = found.slice(0, limit);
    return { loads, next: found.length > limit ? (loads.at(-1)?.id ?? null) : null };
  }

  private async read(page: LoadsPage): Promise<StoredLoad[]> {
    const { manager } = this.database.requireReady();
    try {
      return await readLoads(manager, page);
    } catch (error) {
      if (sqlStateOf(error) === SQL_STATE.undefinedTable) throw tableMissing();
      throw databaseAway(describeDatabaseError(error));
    }
  }
}

function tableMissing(): Problem {
  const detail = 'the table loads does not exist yet: call GET /createTable';
  return new Problem({ status: 503, code: 'TABLE_MISSING', detail, retryAfterSeconds: 5 });
}
