import type { EntityManager } from 'typeorm';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';

/**
 * `moved`: from here to there; `events` is how many are loaded now. `mismatch`: another load was
 * faster, so this one must not commit.
 */
export type StoredCheckpoint =
  { readonly kind: 'moved'; readonly events: number } | { readonly kind: 'mismatch' };

export interface CheckpointMove {
  readonly logId: string;
  readonly from: Checkpoint;
  readonly to: Omit<Checkpoint, 'events'>;
  /** How many are between the two. Added, not set: a reload adds its own while a load is under way. */
  readonly events: number;
}

/**
 * Moves a log's checkpoint by compare-and-set, inside the load's transaction. It goes first there:
 * the row's lock makes loads of the same log wait for each other before they touch any balance.
 * At the start of a log there is no row yet, or one that says just that.
 */
export async function storeCheckpoint(
  manager: EntityManager,
  { logId, from, to, events }: CheckpointMove,
): Promise<StoredCheckpoint> {
  const values = [
    ...[logId, to.offset, to.fingerprint, to.timestamp, events],
    ...[from.offset, from.fingerprint],
  ];
  const rows =
    from.offset === START_OF_LOG
      ? await manager.query<Row[]>(
          `insert into load_checkpoint (log_id, "offset", fingerprint, "timestamp", events, updated_at)
           values ($1, $2, $3, $4, $5, now())
           on conflict (log_id) do update
             set "offset" = $2, fingerprint = $3, "timestamp" = $4,
                 events = load_checkpoint.events + $5, updated_at = now()
           where load_checkpoint."offset" = $6 and load_checkpoint.fingerprint = $7
           returning events`,
          values,
        )
      : returned(
          await manager.query<[Row[], number]>(
            `update load_checkpoint
                set "offset" = $2, fingerprint = $3, "timestamp" = $4,
                    events = load_checkpoint.events + $5, updated_at = now()
              where log_id = $1 and "offset" = $6 and fingerprint = $7
              returning events`,
            values,
          ),
        );
  const [row] = rows;
  return row === undefined ? { kind: 'mismatch' } : { kind: 'moved', events: Number(row.events) };
}

interface Row {
  readonly events: string;
}

/** TypeORM answers an UPDATE with [rows, count], and an INSERT with the rows. */
function returned([rows]: [Row[], number]): Row[] {
  return rows;
}

/** Events that turned out to count, once the checkpoint had moved; or those of a range that was reloaded. */
export async function addLoadedEvents(
  manager: EntityManager,
  logId: string,
  events: number,
): Promise<void> {
  await manager.query(
    'update load_checkpoint set events = events + $2, updated_at = now() where log_id = $1',
    [logId, events],
  );
}
