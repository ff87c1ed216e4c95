import type { EntityManager } from 'typeorm';
import { compareUtf8 } from './compare-utf8.js';
import { millionths, toDecimal } from './decimal-millionths.js';
import { SumCursor } from './merge-sums.js';
import type { SortedSums, UserSum } from './user-sum.js';

/** A user whose balance is not what the log says; null where one of the two has no such user. */
export interface Difference {
  readonly userId: string;
  readonly inLog: string | null;
  readonly inTable: string | null;
}

export interface Comparison {
  /** With a sum. */
  readonly users: number;
  /** The first 100, in the order of user ids. */
  readonly differences: readonly Difference[];
  readonly differencesTotal: number;
}

interface TableRow {
  readonly user_id: string;
  readonly revenue: string;
}

const PAGE_ROWS = 10_000;
const DIFFERENCES_MAX = 100;

/**
 * Goes through sums and table side by side, since both are in the order of the users' bytes: every user,
 * exactly, in both directions. Keeps one page of each in memory.
 */
export async function compareWithTable(
  manager: EntityManager,
  sums: SortedSums,
): Promise<Comparison> {
  const differences: Difference[] = [];
  let [users, differencesTotal] = [0, 0];
  const differ = (userId: string, sum: bigint | null, inTable: string | null): void => {
    differencesTotal += 1;
    if (differences.length >= DIFFERENCES_MAX) return;
    differences.push({ userId, inLog: sum === null ? null : toDecimal(sum), inTable });
  };
  const inLog = new SumCursor(sums());
  /** Takes the next user of the log who is not behind `userId`, or any with null. */
  const take = async (userId: string | null): Promise<UserSum | null> => {
    const { head } = inLog;
    if (head === undefined) return null;
    if (userId !== null && compareUtf8(head.userId, userId) > 0) return null;
    users += 1;
    inLog.step();
    if (inLog.head === undefined) await inLog.fill();
    return head;
  };
  try {
    await inLog.fill();
    for await (const { user_id: userId, revenue } of tableRows(manager)) {
      let taken = await take(userId);
      for (; taken !== null && taken.userId !== userId; taken = await take(userId)) {
        differ(taken.userId, taken.sum, null);
      }
      if (taken?.sum !== millionths(revenue)) {
        differ(userId, taken?.sum ?? null, revenue);
      }
    }
    for (let left = await take(null); left !== null; left = await take(null)) {
      differ(left.userId, left.sum, null);
    }
  } finally {
    await inLog.close();
  }
  return { users, differences, differencesTotal };
}

async function* tableRows(manager: EntityManager): AsyncGenerator<TableRow> {
  for (let after: string | null = null; ;) {
    const rows: TableRow[] = await manager.query(
      `select user_id, trim_scale(revenue)::text as revenue from users_revenue
        where $1::text is null or user_id > $1 order by user_id limit ${PAGE_ROWS}`,
      [after],
    );
    yield* rows;
    after = rows.at(-1)?.user_id ?? null;
    if (rows.length < PAGE_ROWS) return;
  }
}
