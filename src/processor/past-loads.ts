import type { EntityManager } from 'typeorm';
import { toOffset } from '../staging-log/staging-log.port.js';
import type { LoadReport } from './load-report.js';

/** A committed load of the history. Its duration is without the COMMIT. */
export interface StoredLoad extends LoadReport {
  readonly id: number;
  readonly logId: string;
}

export interface LoadsPage {
  readonly limit: number;
  /** Only loads with a lower id: the older ones. */
  readonly before?: number | undefined;
}

interface Row {
  readonly id: string;
  readonly log_id: string;
  readonly from_offset: string;
  readonly to_offset: string;
  readonly events: string;
  readonly users: string;
  readonly inserted: string;
  readonly updated: string;
  readonly dead_letters: string;
  readonly duration_ms: string;
  readonly committed_at: Date;
}

/** The history of all logs that feed this database, the newest first. */
export async function readLoads(
  manager: EntityManager,
  { limit, before }: LoadsPage,
): Promise<StoredLoad[]> {
  const rows: Row[] = await manager.query(
    'select * from loads where $1::bigint is null or id < $1 order by id desc limit $2',
    [before ?? null, limit],
  );
  return rows.map(toStoredLoad);
}

/** The last load of one log, or null when the history has none (any more). */
export async function readLastLoad(
  manager: EntityManager,
  logId: string,
): Promise<LoadReport | null> {
  const rows: Row[] = await manager.query(
    'select * from loads where log_id = $1 order by id desc limit 1',
    [logId],
  );
  return rows[0] === undefined ? null : toReport(rows[0]);
}

function toStoredLoad(row: Row): StoredLoad {
  return { id: Number(row.id), logId: row.log_id, ...toReport(row) };
}

function toReport(row: Row): LoadReport {
  return {
    fromOffset: toOffset(row.from_offset),
    toOffset: toOffset(row.to_offset),
    events: Number(row.events),
    users: Number(row.users),
    inserted: Number(row.inserted),
    updated: Number(row.updated),
    deadLetters: Number(row.dead_letters),
    durationMs: Number(row.duration_ms),
    committedAt: row.committed_at.toISOString(),
  };
}
