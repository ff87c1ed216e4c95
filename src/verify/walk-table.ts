import type { EntityManager } from 'typeorm';
import { compareUtf8 } from './compare-utf8.js';
import { millionths } from './decimal-millionths.js';
import { SumCursor } from './merge-sums.js';
import type { SortedSums, UserSum } from './user-sum.js';

/** A user, or another key of sums, that has another sum in the table; null where one of the two has none, but never both. */
export interface Mismatch {
  readonly userId: string;
  readonly sum: bigint | null;
  /** As PostgreSQL prints it. */
  readonly inTable: string | null;
}

/** Of a user, or of another key that sums have. */
export interface TableRow {
  readonly key: string;
  /** As PostgreSQL prints it. */
  readonly revenue: string;
}

const PAGE_ROWS = 10_000;
const MISMATCHES_MAX = 10_000;

/**
 * Goes through sums and table side by side, since both are in the order of the users' bytes: every user,
 * exactly, in both directions. Tells what does not match in that order, in parts of up to 10,000, and keeps
 * no more than one of these and one page of each side in memory.
 *
 * `onMismatches` may change the rows of the users that it is told of, in the same transaction: pages are read
 * by key, and these users are all behind the last row that was read.
 * @returns how many users have a sum.
 */
export function walkTable(
  manager: EntityManager,
  sums: SortedSums,
  onMismatches: (mismatches: readonly Mismatch[]) => Promise<void> | void,
): Promise<number> {
  return walkRows(tableRows(manager), sums, onMismatches);
}

/** The same with rows of another table, in the order of the bytes of their keys. */
export async function walkRows(
  rows: AsyncIterable<TableRow>,
  sums: SortedSums,
  onMismatches: (mismatches: readonly Mismatch[]) => Promise<void> | void,
): Promise<number> {
  const told = new Batches(onMismatches);
  let users = 0;
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
    for await (const { key: userId, revenue } of rows) {
      let taken = await take(userId);
      for (; taken !== null && taken.userId !== userId; taken = await take(userId)) {
        await told.add({ ...taken, inTable: null });
      }
      if (taken?.sum !== millionths(revenue)) {
        await told.add({ userId, sum: taken?.sum ?? null, inTable: revenue });
      }
    }
    for (let left = await take(null); left !== null; left = await take(null)) {
      await told.add({ ...left, inTable: null });
    }
    await told.flush();
  } finally {
    await inLog.close();
  }
  return users;
}

class Batches {
  private mismatches: Mismatch[] = [];

  constructor(private readonly tell: (mismatches: readonly Mismatch[]) => Promise<void> | void) {}

  async add(mismatch: Mismatch): Promise<void> {
    this.mismatches.push(mismatch);
    if (this.mismatches.length >= MISMATCHES_MAX) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.mismatches.length === 0) return;
    const { mismatches } = this;
    this.mismatches = [];
    await this.tell(mismatches);
  }
}

async function* tableRows(manager: EntityManager): AsyncGenerator<TableRow> {
  for (let after: string | null = null; ;) {
    const rows: TableRow[] = await manager.query(
      `select user_id as key, trim_scale(revenue)::text as revenue from users_revenue
        where $1::text is null or user_id > $1 order by user_id limit ${PAGE_ROWS}`,
      [after],
    );
    yield* rows;
    after = rows.at(-1)?.key ?? null;
    if (rows.length < PAGE_ROWS) return;
  }
}
