import { join } from 'node:path';
import { Application } from '../../test/chaos/application.mjs';

const DIST = join(import.meta.dirname, '../../dist');

/** Runs `work` with the compiled application as a process of its own, on the database at `url`, and stops it. */
export async function withApplication({ dataDir, url, env = {} }, work) {
  const application = new Application({
    dist: DIST,
    env: { DATA_DIR: dataDir, DATABASE_URL: url, ...env },
  });
  try {
    const result = await work(await application.ready());
    await application.stop();
    return result;
  } finally {
    application.abandon();
  }
}
