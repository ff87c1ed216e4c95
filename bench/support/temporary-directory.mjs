import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs `work` with an empty directory in `parent`, which is removed afterwards, however that ends. */
export async function withTemporaryDirectory(parent, work) {
  const directory = mkdtempSync(join(parent, 'revenue-etl-bench-'));
  // What is still open there, a database that is about to follow this process, say, takes a moment to go.
  const remove = () =>
    rmSync(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  process.once('exit', remove);
  try {
    return await work(directory);
  } finally {
    process.off('exit', remove);
    remove();
  }
}
