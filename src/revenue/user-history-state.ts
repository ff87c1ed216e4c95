import type { EntityManager } from 'typeorm';

/**
 * The end of the last hour or day of UTC for which an event was loaded, of any log. `$3`: when the last event of the log
 * was, for a database that was loaded before it had revenue over time.
 */
const BEHIND_ALL = `greatest(
    (select max(start + case bucket when 'hour' then interval '1 hour' else interval '24 hours' end)
       from revenue_history),
    (select to_timestamp((max("timestamp") / 3600000 + 1) * 3600) from load_checkpoint where log_id <> $1),
    to_timestamp(($3::bigint / 3600000 + 1) * 3600))`;

/**
 * Of logs that were loaded without user history, up to their checkpoints: all that comes later is in it, so that it is known
 * behind the last hour that has an event. What another log's own load has noted meanwhile stays. A log whose first records these are, and which it does not know, is known from
 * its start.
 */
const BEGIN = `insert into user_history_state as s (log_id, "offset", known_from)
  select c.log_id, c."offset",
         case when c.log_id = $1::uuid and $2 and known.log_id is null then '-infinity'
              else coalesce(${BEHIND_ALL}, '-infinity') end
    from load_checkpoint c left join user_history_state known using (log_id)
   where known."offset" is distinct from c."offset"
   order by c.log_id
  on conflict (log_id) do update set "offset" = excluded."offset", known_from = excluded.known_from
   where s.log_id = $1 or s."offset" < excluded."offset"`;

/** A load of a log with user history. */
export interface LoadedWithHistory {
  readonly logId: string;
  readonly from: { readonly offset: number; readonly timestamp: number | null };
  readonly to: { readonly offset: number };
}

/**
 * Notes that a load keeps revenue over time by user, inside its transaction: behind its checkpoint, which locks the state of
 * the log, and before its sums, which are known.
 */
export async function noteUserHistory(
  manager: EntityManager,
  { logId, from, to }: LoadedWithHistory,
): Promise<void> {
  const [, noted]: [unknown, number] = await manager.query(
    'update user_history_state set "offset" = $3 where log_id = $1 and "offset" = $2',
    [logId, from.offset, to.offset],
  );
  if (noted === 0) await manager.query(BEGIN, [logId, from.offset === 0, from.timestamp]);
}

/** Before there is anything to load, so that it is known as soon as it is kept. Inside a transaction. */
export async function beginUserHistory(manager: EntityManager, logId: string): Promise<void> {
  const rows: { timestamp: string | null }[] = await manager.query(
    'select "timestamp" from load_checkpoint where log_id = $1 for update',
    [logId],
  );
  await manager.query(BEGIN, [logId, false, rows[0]?.timestamp ?? null]);
}

/** Whether the history of users has all of a log since it began. Inside a transaction that holds the log's checkpoint. */
export async function hasUserHistory(manager: EntityManager, logId: string): Promise<boolean> {
  const rows: unknown[] = await manager.query(
    `select from user_history_state join load_checkpoint using (log_id, "offset") where log_id = $1`,
    [logId],
  );
  return rows.length > 0;
}

/** Whatever another log's load notes meanwhile: this log has records that are not in it. Inside a transaction. */
export async function loseUserHistory(manager: EntityManager, logId: string): Promise<void> {
  await manager.query('update user_history_state set "offset" = -1 where log_id = $1', [logId]);
}
