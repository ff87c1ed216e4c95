import { Injectable } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { askTable } from './ask-table.js';

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
    const rows = await askTable<Row>(this.database, { table: 'users_revenue', sql, parameters });
    return rows.map(({ user_id, revenue, updated_at }) => ({
      userId: user_id,
      revenue,
      updatedAt: updated_at.toISOString(),
    }));
  }
}
