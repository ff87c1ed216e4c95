import type { EntityManager } from 'typeorm';
import type { DeadLetterState } from './dead-letters.query.js';
import { rawText } from './raw-text.js';

/** A dead letter as the routes answer with it. */
export interface DeadLetterView {
  readonly id: string;
  readonly logId: string;
  /** Of the record or range, in its log. */
  readonly offset: number;
  /** Of all of it in the log, in bytes. */
  readonly length: number;
  readonly code: string;
  readonly message: string;
  readonly state: DeadLetterState;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Its first bytes as text; U+FFFD for what is not UTF-8. */
  readonly raw: string;
  /** Whether it is longer than what `raw` shows. */
  readonly truncated: boolean;
}

/** The corrected event of a dead letter. */
export interface ResubmissionView {
  readonly event: unknown;
  /** The log that it is sent to; null when nobody claimed it in this database. */
  readonly claimedBy: string | null;
  readonly claimedAt: string;
  /** The record that counts; null before it is loaded. */
  readonly loaded: {
    readonly logId: string;
    readonly offset: number;
    readonly at: string;
  } | null;
}

export interface DeadLetterDetails extends DeadLetterView {
  /** The bytes that are kept, at most 64 KiB; the same that `raw` shows. */
  readonly base64: string;
  readonly resubmission: ResubmissionView | null;
}

/** A part of the list; of all states where none is named. */
export interface PageQuery {
  readonly limit: number;
  /** The id of a dead letter, exclusive. */
  readonly after: string;
  readonly state: DeadLetterState | undefined;
}

/** Of the raw bytes, a list shows at most so many. */
const LISTED_BYTES_MAX = 4_096;

interface Row {
  readonly id: string;
  readonly log_id: string;
  readonly offset: string;
  readonly length: string;
  readonly code: string;
  readonly message: string;
  readonly state: DeadLetterState;
  readonly created_at: Date;
  readonly bytes: Buffer;
}

interface ResubmissionRow {
  readonly event: string;
  readonly claimed_by: string | null;
  readonly claimed_at: Date;
  readonly loaded_log_id: string | null;
  readonly loaded_offset: string | null;
  readonly loaded_at: Date | null;
}

const COLUMNS = 'id, log_id, "offset", length, code, message, state, created_at';

/** A page in the order of ids, which is the order of time, after the given one. */
export async function readDeadLetters(
  manager: EntityManager,
  { limit, after, state }: PageQuery,
): Promise<DeadLetterView[]> {
  const rows: Row[] = await manager.query(
    `select ${COLUMNS}, substring(bytes from 1 for ${LISTED_BYTES_MAX}) as bytes from dead_letters
      where id > $1 and ($2::text is null or state = $2) order by id limit $3`,
    [after, state ?? null, limit],
  );
  return rows.map(toView);
}

export async function readDeadLetter(
  manager: EntityManager,
  id: string,
): Promise<DeadLetterDetails | null> {
  const [row]: Row[] = await manager.query(
    `select ${COLUMNS}, bytes from dead_letters where id = $1`,
    [id],
  );
  if (row === undefined) return null;
  const [resubmission]: ResubmissionRow[] = await manager.query(
    `select event, claimed_by, claimed_at, loaded_log_id, loaded_offset, loaded_at
       from resubmissions where log_id = $1 and "offset" = $2`,
    [row.log_id, row.offset],
  );
  return {
    ...toView(row),
    base64: row.bytes.toString('base64'),
    resubmission: resubmission === undefined ? null : toResubmission(resubmission),
  };
}

function toView(row: Row): DeadLetterView {
  const length = Number(row.length);
  const truncated = row.bytes.length < length;
  return {
    id: row.id,
    logId: row.log_id,
    offset: Number(row.offset),
    length,
    code: row.code,
    message: row.message,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    raw: rawText(row.bytes, truncated),
    truncated,
  };
}

function toResubmission(row: ResubmissionRow): ResubmissionView {
  const { loaded_log_id: logId, loaded_offset: offset, loaded_at: at } = row;
  return {
    event: JSON.parse(row.event) as unknown,
    claimedBy: row.claimed_by,
    claimedAt: row.claimed_at.toISOString(),
    loaded:
      logId === null || at === null
        ? null
        : { logId, offset: Number(offset), at: at.toISOString() },
  };
}
