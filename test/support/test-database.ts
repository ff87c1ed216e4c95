import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** Serves pg and TypeORM alike. */
  readonly url: string;
  /** Ends whatever is still connected and removes the database. */
  drop(): Promise<void>;
}

/** Creates an empty database of the caller's own, so that spec files cannot see each other. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = adminUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runStatement(admin, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  return {
    url: urlOfDatabase(admin, name),
    drop: () => runStatement(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

function adminUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined) {
    throw new Error('TEST_POSTGRES_URL is not set: only the tiers with a database have one');
  }
  return url;
}

/** By text, because `new URL` refuses the empty host of a socket address. */
function urlOfDatabase(url: string, name: string): string {
  const [address = '', query] = url.split('?', 2);
  const withName = `${address.slice(0, address.lastIndexOf('/'))}/${name}`;
  return query === undefined ? withName : `${withName}?${query}`;
}

async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
