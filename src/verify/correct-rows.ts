import type { EntityManager } from 'typeorm';
import { toDecimal } from './decimal-millionths.js';
import type { Mismatch } from './walk-table.js';

export interface CorrectedRows {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/**
 * Makes the rows of some users what their sums are: two statements at most, each with its users in their
 * order.
 * @throws errors of the database; a serialization failure where somebody else changed one of the rows.
 */
export async function correctRows(
  manager: EntityManager,
  mismatches: readonly Mismatch[],
): Promise<CorrectedRows> {
  const put = { userIds: [] as string[], sums: [] as string[] };
  const ghosts: string[] = [];
  let inserted = 0;
  for (const { userId, sum, inTable } of mismatches) {
    if (sum === null) {
      ghosts.push(userId);
      continue;
    }
    put.userIds.push(userId);
    put.sums.push(toDecimal(sum));
    if (inTable === null) inserted += 1;
  }
  if (put.userIds.length > 0) {
    await manager.query(
      `insert into users_revenue (user_id, revenue, updated_at)
       select user_id, revenue, now() from unnest($1::text[], $2::numeric[]) as s(user_id, revenue)
       on conflict (user_id) do update
         set revenue = excluded.revenue, updated_at = excluded.updated_at`,
      [put.userIds, put.sums],
    );
  }
  if (ghosts.length > 0) {
    await manager.query('delete from users_revenue where user_id = any($1::text[])', [ghosts]);
  }
  return { inserted, updated: put.userIds.length - inserted, deleted: ghosts.length };
}
