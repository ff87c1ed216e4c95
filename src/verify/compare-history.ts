import type { EntityManager } from 'typeorm';
import { HISTORY_DIFFERENCES, historyParameters } from './history-differences.js';
import type { HourSums } from './hour-sums.js';

/** An hour, or a day that was rolled up, whose revenue is not what the log says; null where one of the two has none. */
export interface HistoryDifference {
  /** Its start, ISO 8601, UTC. */
  readonly from: string;
  readonly bucket: 'hour' | 'day';
  readonly inLog: string | null;
  /** Of a day: with the hours that late events made since. */
  readonly inTable: string | null;
}

export interface HistoryComparison {
  /** With an event. Those of a day that was rolled up are compared as one. */
  readonly hours: number;
  /** The first 100, in the order of time. */
  readonly historyDifferences: readonly HistoryDifference[];
  readonly historyDifferencesTotal: number;
}

const DIFFERENCES_MAX = 100;

interface Row {
  readonly from: string;
  readonly bucket: 'hour' | 'day';
  readonly in_log: string | null;
  readonly in_table: string | null;
  readonly total: number;
}

/** Compares revenue over time with the table, exactly, in both directions: see `HISTORY_DIFFERENCES`. */
export async function compareHistory(
  manager: EntityManager,
  sums: HourSums,
): Promise<HistoryComparison> {
  const rows: Row[] = await manager.query(
    `with ${HISTORY_DIFFERENCES}
     select coalesce(to_char(start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), start::text) as "from",
            bucket, trim_scale(in_log)::text as in_log, trim_scale(in_table)::text as in_table,
            (count(*) over ())::int as total
       from differences order by start, bucket limit ${DIFFERENCES_MAX}`,
    historyParameters(sums),
  );
  return {
    hours: sums.size,
    historyDifferences: rows.map(({ from, bucket, in_log: inLog, in_table: inTable }) => ({
      ...{ from, bucket, inLog, inTable },
    })),
    historyDifferencesTotal: rows[0]?.total ?? 0,
  };
}
