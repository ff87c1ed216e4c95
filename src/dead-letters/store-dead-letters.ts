import type { EntityManager } from 'typeorm';
import type { NewDeadLetter } from './new-dead-letter.js';
import { IS_RANGE, RANGE_CODES } from './quarantine.js';

/** A statement holds its letters in memory four times over: as bytes, as hex, and as escaped text. */
const STATEMENT_LETTERS_MAX = 1_000;
const STATEMENT_BYTES_MAX = 1024 * 1024;

/**
 * Keeps what a load could not use, inside the load's transaction. A record that is known already
 * (a part of its log is loaded a second time) stays as it is. The place of a range that was reloaded is
 * free again for a bad record that it begins with. A damaged range takes the place of all that was stored in it
 * before: a range that nobody knows of is never reloaded, and its events would be lost.
 * After a reset of the database the correction of a record may be loaded before it, from another log, or
 * be on its way: then its dead letter is resolved, or claimed, from the beginning.
 */
export async function storeDeadLetters(
  manager: EntityManager,
  logId: string,
  letters: readonly NewDeadLetter[],
): Promise<void> {
  let part: NewDeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    part.push(letter);
    bytes += letter.bytes.length;
    if (part.length < STATEMENT_LETTERS_MAX && bytes < STATEMENT_BYTES_MAX) continue;
    await insertLetters(manager, logId, part);
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) await insertLetters(manager, logId, part);
}

async function insertLetters(
  manager: EntityManager,
  logId: string,
  letters: readonly NewDeadLetter[],
): Promise<void> {
  await forgetWithin(
    manager,
    logId,
    letters.filter(({ code }) => RANGE_CODES.includes(code)),
  );
  await manager.query(
    `insert into dead_letters (log_id, "offset", length, bytes, code, message, state)
     select $1::uuid, l.*,
            case when l.${IS_RANGE} or r.log_id is null then 'open'
                 when r.loaded_log_id is null then 'claimed' else 'resolved' end
       from unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::text[], $6::text[])
              as l("offset", length, bytes, code, message)
       left join resubmissions as r on r.log_id = $1 and r."offset" = l."offset"
     on conflict (log_id, "offset") do update
       set length = excluded.length, bytes = excluded.bytes, code = excluded.code,
           message = excluded.message, state = excluded.state, created_at = now()
       where dead_letters.state = 'reloaded'`,
    [
      logId,
      letters.map(({ offset }) => offset),
      letters.map(({ length }) => length),
      letters.map(({ bytes }) => bytes),
      letters.map(({ code }) => code),
      letters.map(({ message }) => storable(message)),
    ],
  );
}

/** Forgets what was stored for records in these ranges, and for ranges in them, when they were read before. */
async function forgetWithin(
  manager: EntityManager,
  logId: string,
  ranges: readonly NewDeadLetter[],
): Promise<void> {
  if (ranges.length === 0) return;
  await manager.query(
    `delete from dead_letters as d using unnest($2::bigint[], $3::bigint[]) as r("offset", length)
      where d.log_id = $1 and d."offset" >= r."offset" and d."offset" < r."offset" + r.length`,
    [logId, ranges.map(({ offset }) => offset), ranges.map(({ length }) => length)],
  );
}

/** A message may quote the record, and PostgreSQL refuses text with a NUL: one would block the load. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();
