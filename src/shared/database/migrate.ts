import type { DataSource, QueryRunner } from 'typeorm';

/** Any number that nothing else in this database locks: the ASCII of "revenue". */
export const MIGRATION_LOCK = 32_199_706_527_298_917n;
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Runs what is pending, one process at a time: TypeORM takes no lock of its own, and of two that
 * boot together one would fail. The lock dies with its connection. Answers with the names that ran.
 * @throws when another process holds the lock for over a minute, or a migration refuses.
 */
export async function runPendingMigrations(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  await runner.connect();
  try {
    await runner.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await runner.query(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    return (await dataSource.runMigrations()).map(({ name }) => name);
  } finally {
    await giveBack(runner);
  }
}

/** Back to the pool as it came. Where the connection is gone, so are its lock and its setting. */
async function giveBack(runner: QueryRunner): Promise<void> {
  await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
  await runner.query('reset lock_timeout').catch(() => undefined);
  await runner.release();
}
