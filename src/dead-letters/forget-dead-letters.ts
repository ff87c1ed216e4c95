import type { EntityManager } from 'typeorm';

/**
 * For a load of a log from its start, inside its transaction: all dead letters of that log go, since all are
 * found anew. One that stayed could keep a range from being stored that is damaged by now, and a range that
 * was restored meanwhile would be loaded and reloaded. Their states are not lost: `resubmissions` has them.
 * Their ids are, and requests that name them get a 404.
 *
 * Locks in the order of all others, the resubmissions first: a claim at this instant waits or is waited for.
 */
export async function forgetDeadLetters(manager: EntityManager, logId: string): Promise<void> {
  await manager.query('select from resubmissions where log_id = $1 order by "offset" for update', [
    logId,
  ]);
  await manager.query('delete from dead_letters where log_id = $1', [logId]);
}
