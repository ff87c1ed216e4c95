import type { EntityManager } from 'typeorm';
import { toDecimal } from './decimal-millionths.js';
import type { SortedSums } from './user-sum.js';
import { walkTable } from './walk-table.js';

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

const DIFFERENCES_MAX = 100;

/** Compares every user with the table, exactly, in both directions. */
export async function compareWithTable(
  manager: EntityManager,
  sums: SortedSums,
): Promise<Comparison> {
  const differences: Difference[] = [];
  let differencesTotal = 0;
  const users = await walkTable(manager, sums, (mismatches) => {
    differencesTotal += mismatches.length;
    for (const { userId, sum, inTable } of mismatches) {
      if (differences.length >= DIFFERENCES_MAX) return;
      differences.push({ userId, inLog: sum === null ? null : toDecimal(sum), inTable });
    }
  });
  return { users, differences, differencesTotal };
}
