import type { EntityManager } from 'typeorm';
import { START_OF_LOG, toOffset } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';

interface Row {
  readonly offset: string;
  readonly fingerprint: string;
  readonly timestamp: string | null;
  readonly events: string;
}

const BEGINNING: Checkpoint = { offset: START_OF_LOG, fingerprint: '', timestamp: null, events: 0 };

/** The checkpoint of a log; of one that was never loaded, its start. */
export async function readCheckpoint(manager: EntityManager, logId: string): Promise<Checkpoint> {
  const rows: Row[] = await manager.query(
    'select "offset", fingerprint, "timestamp", events from load_checkpoint where log_id = $1',
    [logId],
  );
  const row = rows[0];
  if (row === undefined) return BEGINNING;
  return {
    offset: toOffset(row.offset),
    fingerprint: row.fingerprint,
    timestamp: row.timestamp === null ? null : Number(row.timestamp),
    events: Number(row.events),
  };
}
