import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Database, databaseAway } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Problem } from '../shared/http/problem.js';

export interface UserRevenue {
  readonly userId: string;
  /** An exact decimal without trailing zeros. */
  readonly revenue: string;
  /** ISO 8601. */
  readonly updatedAt: string;
}

interface Row {
  readonly user_id: string;
  readonly revenue: string;
  readonly updated_at: Date;
}

const COLUMNS = 'user_id, trim_scale(revenue)::text as revenue, updated_at';
const TOP_USERS_MAX = 1_000;
const TOP_MAX_AGE_MS = 10_000;

/** Reads balances. */
@Injectable()
export class UsersService {
  private top: { readonly users: Promise<UserRevenue[]>; readonly at: number } | null = null;

  constructor(private readonly database: Database) {}

  async find(userId: string): Promise<UserRevenue | null> {
    // NUL cannot be stored, so nobody has it; PostgreSQL would answer with an error.
    if (userId.includes('\0') || !userId.isWellFormed()) return null;
    const rows = await this.query(`select ${COLUMNS} from users_revenue where user_id = $1`, [
      userId,
    ]);
    return rows[0] ?? null;
  }

  /** A page in the order of user ids (by code point), after the given one. */
  async page(limit: number, after: string | undefined): Promise<UserRevenue[]> {
    return this.query(
      `select ${COLUMNS} from users_revenue
        where $1::text is null or user_id > $1 order by user_id limit $2`,
      [after ?? null, limit],
    );
  }

  /**
   * Those with the highest balances. Sorting all users for it is the price for having no index that
   * every load would have to keep up, so it is done at most every 10 s.
   */
  async highest(limit: number): Promise<UserRevenue[]> {
    const now = performance.now();
    if (this.top === null || now - this.top.at > TOP_MAX_AGE_MS) {
      this.top = { users: this.computeTop(), at: now };
    }
    return (await this.top.users).slice(0, limit);
  }

  private async computeTop(): Promise<UserRevenue[]> {
    try {
      return await this.query(
        `select ${COLUMNS} from users_revenue
          order by users_revenue.revenue desc, user_id limit ${TOP_USERS_MAX}`,
      );
    } catch (error) {
      this.top = null; // a failure is not kept for 10 s
      throw error;
    }
  }

  private async query(sql: string, parameters: unknown[] = []): Promise<UserRevenue[]> {
    const rows = await ask(this.database.requireReady(), sql, parameters);
    return rows.map(({ user_id, revenue, updated_at }) => ({
      userId: user_id,
      revenue,
      updatedAt: updated_at.toISOString(),
    }));
  }
}

async function ask(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<Row[]> {
  try {
    return await dataSource.query(sql, parameters);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === SQL_STATE.undefinedTable) throw tableMissing();
    throw databaseAway(describeDatabaseError(error));
  }
}

function tableMissing(): Problem {
  const detail = 'the table users_revenue does not exist yet: call GET /createTable';
  return new Problem({ status: 503, code: 'TABLE_MISSING', detail, retryAfterSeconds: 5 });
}
