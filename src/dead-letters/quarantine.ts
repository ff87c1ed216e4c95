import type { EntityManager } from 'typeorm';

/** A range of a log that was damaged when it was loaded: none of its events is in the balances. */
export interface QuarantinedRange {
  /** Of its dead letter. */
  readonly id: string;
  /** Offsets; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly id: string;
  readonly offset: string;
  readonly length: string;
}

/** Of dead letters that are damaged ranges, and not records. */
export const RANGE_CODES: readonly string[] = ['BLOCK_CORRUPT', 'BLOCK_MISSING'];

/** The same of a row of dead_letters. */
export const IS_RANGE = `code in (${RANGE_CODES.map((code) => `'${code}'`).join(', ')})`;

const toRange = ({ id, offset, length }: Row): QuarantinedRange => ({
  id,
  from: Number(offset),
  to: Number(offset) + Number(length),
});

/**
 * All ranges of a log that are not in the balances, in order. Also those that somebody has dealt with in
 * another way than by reloading them: whatever was done, their bytes were not loaded.
 */
export async function readQuarantined(
  manager: EntityManager,
  logId: string,
): Promise<QuarantinedRange[]> {
  const rows: Row[] = await manager.query(
    `select id, "offset", length from dead_letters
      where log_id = $1 and ${IS_RANGE} and state <> 'reloaded' order by "offset"`,
    [logId],
  );
  return rows.map(toRange);
}

/**
 * The ranges that wait for somebody and have a part in [from, to), in order, locked until the
 * transaction of `manager` ends.
 */
export async function lockQuarantined(
  manager: EntityManager,
  logId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<QuarantinedRange[]> {
  const rows: Row[] = await manager.query(
    `select id, "offset", length from dead_letters
      where log_id = $1 and ${IS_RANGE} and state = 'open'
        and "offset" < $3 and "offset" + length > $2
      order by "offset" for update`,
    [logId, from, to],
  );
  return rows.map(toRange);
}

/** Their events are in the balances from the commit of this transaction on. */
export async function markReloaded(
  manager: EntityManager,
  ranges: readonly QuarantinedRange[],
): Promise<void> {
  await manager.query(`update dead_letters set state = 'reloaded' where id = any($1::bigint[])`, [
    ranges.map(({ id }) => id),
  ]);
}
