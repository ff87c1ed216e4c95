import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from './migrations.js';

const POOL_CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 5_000;

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
    poolSize: POOL_CONNECTIONS_MAX,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: { keepAlive: true, keepAliveInitialDelayMillis: 10_000 },
  };
}
