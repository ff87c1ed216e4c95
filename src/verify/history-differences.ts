import { hourTexts, type HourSums } from './hour-sums.js';

/**
 * Where revenue over time is not what the logs say; of `historyParameters`. An hour of a day that was rolled up counts in
 * that day, since a late event of it makes an hour again: so of such a day only the total tells. A row of 0 is as good as
 * none. A row whose start is no start of an hour or day, UTC, is one of its own.
 */
export const HISTORY_DIFFERENCES = `
  "table_rows" as (
    select h.bucket as row_bucket, h.start as row_start, h.revenue,
           case when d.start is null then h.bucket else 'day' end as bucket,
           coalesce(d.start, h.start) as start
      from revenue_history h
      left join revenue_history d
        on h.bucket = 'hour' and h.start = date_trunc('hour', h.start, 'UTC')
       and d.bucket = 'day' and d.start = date_trunc('day', h.start, 'UTC')),
  "in_table" as (select bucket, start, sum(revenue) as revenue from table_rows group by 1, 2),
  "log_rows" as (
    select to_timestamp(hour * 3600) as start, revenue
      from unnest($1::float8[], $2::numeric[]) as l(hour, revenue)),
  "in_log" as (
    select case when d.start is null then 'hour' else 'day' end as bucket,
           coalesce(d.start, l.start) as start, sum(l.revenue) as revenue
      from log_rows l
      left join revenue_history d
        on d.bucket = 'day' and d.start = date_trunc('day', l.start, 'UTC')
     group by 1, 2),
  "differences" as (
    select bucket, start, l.revenue as in_log, t.revenue as in_table
      from in_log l full join in_table t using (bucket, start)
     where coalesce(l.revenue, 0) <> coalesce(t.revenue, 0))`;

export function historyParameters(sums: HourSums): [hours: string[], sums: string[]] {
  const texts = hourTexts(sums);
  return [texts.map(([hour]) => hour), texts.map(([, decimal]) => decimal)];
}
