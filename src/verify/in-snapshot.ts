import type { DataSource, EntityManager } from 'typeorm';

/**
 * Lets `work` see one moment of the database, that of its first query, and commits what it changed. Loads
 * go on meanwhile, neither waited for nor waiting, unless `work` locks something.
 */
export async function inSnapshot<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction('REPEATABLE READ');
    // The log is read in between, which may take longer than a server allows a transaction to rest.
    await runner.query('set local idle_in_transaction_session_timeout = 0');
    const result = await work(runner.manager);
    await runner.commitTransaction();
    return result;
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}
