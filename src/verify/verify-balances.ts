import type { DataSource, EntityManager } from 'typeorm';
import { compareHistory, type HistoryComparison } from './compare-history.js';
import { compareWithTable, type Difference } from './compare-with-table.js';
import { inSnapshot } from './in-snapshot.js';
import { readCounts, type Counts } from './read-counts.js';
import type { Refused } from './loaded-part.js';
import { recompute, type Recomputed, type RecomputeOptions } from './recompute.js';
import { untilLogStays } from './until-log-stays.js';
import { compareUserHours, type UserHistoryComparison } from './walk-user-hours.js';

export type Verification =
  | ({
      readonly kind: 'exact' | 'drift';
      /** Of the checkpoint of this log. */
      readonly offset: number;
      readonly users: number;
      /** The first 100, in the order of user ids. */
      readonly differences: readonly Difference[];
      readonly differencesTotal: number;
      /** Where it is kept; null: nothing is known of any hour. */
      readonly userHistory?: UserHistoryComparison | null;
    } & HistoryComparison &
      Counts)
  | Refused;

export interface VerifyOptions extends RecomputeOptions {
  readonly dataSource: DataSource;
}

/**
 * Recomputes what the logs contributed up to their checkpoints, and compares it with the tables: every
 * user and every hour, exactly, in both directions; where it is kept, every hour of every user, as far as it is known. Tables and checkpoints are read in one REPEATABLE READ snapshot, so
 * loads may go on meanwhile without being waited for or waiting; and retention, too: when it retires what
 * was to be read, all is done again.
 * @throws errors of the database and of reading; LogMovedOnError when retention was faster each time.
 */
export async function verifyBalances(options: VerifyOptions): Promise<Verification> {
  return untilLogStays(() =>
    inSnapshot(options.dataSource, (manager) =>
      recompute(manager, { ...options, userHours: 'known' }, (recomputed) =>
        compare(manager, recomputed, options.userHistory === true),
      ),
    ),
  );
}

async function compare(
  manager: EntityManager,
  recomputed: Recomputed,
  userHistory: boolean,
): Promise<Exclude<Verification, Refused>> {
  const comparison = await compareWithTable(manager, recomputed.sums);
  const history = await compareHistory(manager, recomputed.hourSums);
  const { userHours } = recomputed;
  const byUser = userHours === null ? null : await compareUserHours(manager, userHours);
  const counts = await readCounts(manager, recomputed);
  const same = Object.values(counts).every(({ inLog, inTable }) => inLog === inTable);
  const differences =
    comparison.differencesTotal + history.historyDifferencesTotal + (byUser?.differencesTotal ?? 0);
  return {
    kind: same && differences === 0 ? 'exact' : 'drift',
    offset: recomputed.own.checkpoint.offset,
    ...counts,
    ...comparison,
    ...history,
    ...(userHistory ? { userHistory: byUser } : {}),
  };
}
