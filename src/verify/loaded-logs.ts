import type { EntityManager } from 'typeorm';

/** A log that feeds the table, as the database knows it. */
export interface LoadedLog {
  readonly identity: string;
  readonly offset: number;
  readonly fingerprint: string;
  readonly events: number;
}

interface Row {
  readonly log_id: string;
  readonly offset: string;
  readonly fingerprint: string;
  readonly events: string;
}

/** All logs but one, in the order of their identities. */
export async function readOtherLogs(manager: EntityManager, logId: string): Promise<LoadedLog[]> {
  const rows: Row[] = await manager.query(
    `select log_id, "offset", fingerprint, events from load_checkpoint
      where log_id <> $1 order by log_id`,
    [logId],
  );
  return rows.map(({ log_id: identity, offset, fingerprint, events }) => ({
    identity,
    offset: Number(offset),
    fingerprint,
    events: Number(events),
  }));
}

/** Of all logs. A range that was reloaded is none any more. */
export async function countDeadLetters(manager: EntityManager): Promise<number> {
  const rows: { count: string }[] = await manager.query(
    `select count(*) as count from dead_letters where state <> 'reloaded'`,
  );
  return Number(rows[0]?.count);
}
