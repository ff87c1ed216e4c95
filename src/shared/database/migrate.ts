import type { DataSource } from 'typeorm';

/** Any number that nothing else in this database locks: the ASCII of "revenue". */
export const MIGRATION_LOCK = 32_199_685_319_259_493n;
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
    try {
      return (await dataSource.runMigrations()).map(({ name }) => name);
    } finally {
      await runner.query(`select pg_advisory_unlock(${MIGRATION_LOCK})`);
      await runner.query('reset lock_timeout');
    }
  } finally {
    await runner.release();
  }
}
