import type { EntityManager } from 'typeorm';
import { HISTORY_DIFFERENCES, historyParameters } from './history-differences.js';
import type { HourSums } from './hour-sums.js';

/**
 * Makes revenue over time what the sums are, in one statement. A day that was rolled up stays so, and the hours of one that
 * differs become part of it.
 * @returns how many rows were inserted, updated or deleted.
 * @throws errors of the database; a serialization failure where somebody else changed one of the rows.
 */
export async function correctHistory(manager: EntityManager, sums: HourSums): Promise<number> {
  const rows: { changed: number }[] = await manager.query(
    `with ${HISTORY_DIFFERENCES},
     "deleted" as (
       delete from revenue_history r using table_rows t join differences d using (bucket, start)
        where r.bucket = t.row_bucket and r.start = t.row_start
          and (d.in_log is null or t.row_bucket <> t.bucket)
       returning 1),
     "put" as (
       insert into revenue_history as r (bucket, start, revenue)
       select bucket, start, in_log from differences where in_log is not null
       on conflict (bucket, start) do update set revenue = excluded.revenue
        where r.revenue <> excluded.revenue
       returning 1)
     select ((select count(*) from deleted) + (select count(*) from put))::int as changed`,
    historyParameters(sums),
  );
  return rows[0]?.changed ?? 0;
}
