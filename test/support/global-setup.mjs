import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const compiledDatabase = join(
  import.meta.dirname,
  '../../dist/src/shared/database/embedded/embedded-postgres.js',
);

/**
 * Starts one PostgreSQL for the whole run. Jest calls this once, however many tiers name it, and
 * before it forks its workers, so that they inherit `TEST_POSTGRES_URL`.
 */
export default async function startTestPostgres() {
  if (!existsSync(compiledDatabase)) {
    throw new Error(`${compiledDatabase} is missing: run "npm run build" before this tier`);
  }
  const { EmbeddedPostgres } = await import(pathToFileURL(compiledDatabase).href);
  const dataDir = await mkdtemp(join(tmpdir(), 'revenue-etl-test-'));
  const logLines = [];
  const collect = (message) => void logLines.push(message);
  const log = { info: collect, warn: collect, error: collect };
  try {
    const postgres = await EmbeddedPostgres.start({ dataDir, log });
    globalThis.testPostgres = { postgres, dataDir };
    process.env.TEST_POSTGRES_URL = postgres.url;
  } catch (error) {
    console.error(logLines.join('\n'));
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}
