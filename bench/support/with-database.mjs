import pg from 'pg';

const DATABASE = '../../dist/src/shared/database/';

/**
 * Runs `work` with the product's embedded PostgreSQL on an empty directory, with the product's tables, and stops it.
 * @param work gets its `url`, and `query`, which answers with rows
 */
export async function withDatabase(directory, work) {
  // Not before the bench runs: what is compiled may not be there when it is only listed.
  const { EmbeddedPostgres } = await import(`${DATABASE}embedded/embedded-postgres.js`);
  const say = (message) => process.stderr.write(`${message}\n`);
  const postgres = await EmbeddedPostgres.start({
    dataDir: directory,
    log: { info: () => undefined, warn: say, error: say },
  });
  try {
    await migrate(postgres.url);
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      const query = async (text, values) => (await client.query(text, values)).rows;
      return await work({ url: postgres.url, query });
    } finally {
      await client.end();
    }
  } finally {
    await postgres.stop();
  }
}

/** As if nothing had been loaded; and what was written before holds up nothing that comes. */
export async function emptyTables(query) {
  const tables = await query(
    `select tablename from pg_tables where schemaname = 'public' and tablename <> 'migrations'`,
  );
  await query(`truncate ${tables.map(({ tablename }) => `"${tablename}"`).join(', ')}`);
  await query('checkpoint');
}

async function migrate(url) {
  const { DataSource } = await import('typeorm');
  const { dataSourceOptions } = await import(`${DATABASE}data-source-options.js`);
  const { runPendingMigrations } = await import(`${DATABASE}migrate.js`);
  await import('reflect-metadata');
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  try {
    await runPendingMigrations(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
