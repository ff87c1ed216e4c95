import type { EntityManager } from 'typeorm';
import type { DeadLetterPlace } from '../shared/event/reserved-id.js';
import { IS_RANGE } from './quarantine.js';

/** A record with the corrected event of a dead letter, as a load found it. */
export interface NewCorrection {
  readonly deadLetter: DeadLetterPlace;
  /** Of this record. */
  readonly offset: number;
  /** The canonical text of its event, without an id (`encodeEventPayload`). */
  readonly event: string;
}

interface Row {
  readonly loaded_offset: string;
}

/**
 * Decides, inside the load's transaction, which of a batch's corrections count: the first one to be loaded
 * for its dead letter, from whichever log; and it counts again when its log is loaded again. Its dead
 * letter is resolved. Of two in one batch, the one with the lower offset is first, unless the other one was
 * before. One statement; rows are locked in the order of the dead letters, so that loads of two logs wait
 * for each other instead of deadlocking. The caller holds the lock of the log's checkpoint.
 * @returns the offsets of the records that count.
 */
export async function resolveCorrections(
  manager: EntityManager,
  logId: string,
  corrections: readonly NewCorrection[],
): Promise<ReadonlySet<number>> {
  if (corrections.length === 0) return new Set();
  const rows: Row[] = await manager.query(
    `with firsts as (
       select distinct on (c.log_id, c."offset") c.*
         from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
                as c(log_id, "offset", loaded_offset, event)
         left join resubmissions as r on r.log_id = c.log_id and r."offset" = c."offset"
        order by c.log_id, c."offset",
                 (r.loaded_log_id = $1 and r.loaded_offset = c.loaded_offset) is true desc,
                 c.loaded_offset),
     counted as (
       insert into resubmissions as r (log_id, "offset", event, loaded_log_id, loaded_offset, loaded_at)
       select log_id, "offset", event, $1::uuid, loaded_offset, now() from firsts
        order by log_id, "offset"
       on conflict (log_id, "offset") do update
         set event = excluded.event, loaded_log_id = excluded.loaded_log_id,
             loaded_offset = excluded.loaded_offset, loaded_at = excluded.loaded_at
       where r.loaded_log_id is null
          or (r.loaded_log_id = excluded.loaded_log_id and r.loaded_offset = excluded.loaded_offset)
       returning log_id, "offset", loaded_offset),
     resolved as (
       update dead_letters as d set state = 'resolved' from counted as c
        where d.log_id = c.log_id and d."offset" = c."offset" and not d.${IS_RANGE})
     select loaded_offset from counted`,
    [
      logId,
      corrections.map(({ deadLetter }) => deadLetter.logId),
      corrections.map(({ deadLetter }) => deadLetter.offset),
      corrections.map(({ offset }) => offset),
      corrections.map(({ event }) => event),
    ],
  );
  return new Set(rows.map((row) => Number(row.loaded_offset)));
}

/** The offsets of the records of a log that count as corrections: those that are in the balances. */
export async function readResubmitted(
  manager: EntityManager,
  logId: string,
): Promise<ReadonlySet<number>> {
  const rows: Row[] = await manager.query(
    'select loaded_offset from resubmissions where loaded_log_id = $1',
    [logId],
  );
  return new Set(rows.map((row) => Number(row.loaded_offset)));
}
