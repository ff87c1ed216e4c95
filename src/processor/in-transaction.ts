import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { isRetryable, sqlStateOf } from '../shared/database/sql-state.js';

const ATTEMPTS_MAX = 5;
const RETRY_DELAY_MAX_MS = 200;
/** Where this machine is cut off, the server gives the checkpoint's lock back after so long, not after hours. */
const IDLE_TIMEOUT_MS = 60_000;

/** The driver's, of which there is no more to know here. */
interface Client {
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): void;
  off(event: 'error', listener: (error: Error) => void): void;
}

/**
 * Commits what `work` did when its result is `committed`, and rolls back when it is anything else or
 * it threw. After a deadlock or a serialization failure all of it is run again on a new connection.
 * @param onRetry told the SQLSTATE before that
 * @throws any other error of the database, and what `work` throws.
 */
export async function inTransaction<T extends { readonly kind: string }>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
  onRetry?: (sqlState: string) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(dataSource, work);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isRetryable(error)) throw error;
      onRetry?.(sqlStateOf(error) ?? '');
      await sleep(Math.random() * RETRY_DELAY_MAX_MS);
    }
  }
}

async function attemptOnce<T extends { readonly kind: string }>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  let client: Client | null = null;
  let lost: Error | null = null;
  const onError = (error: Error): void => {
    lost ??= error;
  };
  try {
    client = (await runner.connect()) as Client;
    client.on('error', onError);
    await runner.startTransaction();
    await runner.query(`set local idle_in_transaction_session_timeout = ${IDLE_TIMEOUT_MS}`);
    const result = await work(runner.manager);
    await (result.kind === 'committed' ? runner.commitTransaction() : runner.rollbackTransaction());
    return result;
  } catch (error) {
    // Where the connection is gone, there is nothing to roll back, and the first error says more.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    // A pool drops a connection that is ending: a setting of the server that refused this one may be put right.
    void client?.end().catch(() => undefined);
    // Ended between two statements: the second one only knows that there is no connection.
    throw sqlStateOf(error) === null ? (lost ?? error) : error;
  } finally {
    client?.off('error', onError);
    await runner.release();
  }
}
