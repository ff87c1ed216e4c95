import pg from 'pg';

import { SOCKET_PORT } from './socket-directory.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** The name of the database that the product uses. */
const DATABASE_NAME = 'revenue';

/** A connection string for the cluster's socket that pg and TypeORM both understand. */
export function databaseUrl(socketDir: string): string {
  return `postgres://postgres@/${DATABASE_NAME}?host=${encodeURIComponent(socketDir)}&port=${SOCKET_PORT}`;
}

/** Creates the product's database when it is missing. Safe to repeat. */
export async function ensureDatabase(socketDir: string): Promise<void> {
  await withMaintenanceSession(socketDir, async (client) => {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME}`);
  });
}

/** @returns undefined when the server answered a query, else what it or the kernel said (`code` is an SQLSTATE or an errno name) */
export async function askServer(
  socketDir: string,
): Promise<{ readonly code: string; readonly message: string } | undefined> {
  try {
    await withMaintenanceSession(socketDir, (client) => client.query('SELECT 1'));
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    return { code: String(code), message: String(message) };
  }
}

async function withMaintenanceSession(
  socketDir: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({
    host: socketDir,
    port: SOCKET_PORT,
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
