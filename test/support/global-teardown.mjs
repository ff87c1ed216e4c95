import { rm } from 'node:fs/promises';

/** Stops the database of the run and removes its directory, after passing and failing runs alike. */
export default async function stopTestPostgres() {
  if (globalThis.testPostgres === undefined) return;
  const { postgres, dataDir } = globalThis.testPostgres;
  try {
    await postgres.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
