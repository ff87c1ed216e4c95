import { AbstractLogger, type DataSourceOptions } from 'typeorm';
import { Connection } from './connection.js';
import { MIGRATIONS } from './migrations.js';

const POOL_CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 60_000;

/** TypeORM prints failed migrations to stdout, between our log lines; all its errors reach us anyway. */
class SilentLogger extends AbstractLogger {
  protected override writeLog(): void {
    // nothing, see above
  }
}

/**
 * How this system connects to PostgreSQL, embedded or not. Entities are added by whoever needs
 * them. Nothing of the schema is ever changed outside migrations.
 */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName: 'revenue-etl',
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
    synchronize: false,
    logger: new SilentLogger(),
    poolSize: POOL_CONNECTIONS_MAX,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: {
      Client: Connection,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // A server that hangs, or a network that swallows packets, fails the query instead of holding
      // it for ever. The server gives up first, so that the two agree on what was done.
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    },
  };
}
